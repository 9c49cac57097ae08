"""What `pip install` lines ask for, against what the package offers."""

import re
import tomllib

from tests.docs.blocks import ROOT

EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])


def wrong_packages(arguments: list[str]) -> list[str]:
    """A line for each extra of musiq that there is not, among the arguments of pip."""
    asked = [re.fullmatch(r"(?:musiq|\.)\[(.+?)\].*", word) for word in arguments]
    named = {extra.strip() for match in asked if match for extra in match[1].split(",")}
    return [f"musiq has no extra {extra!r}" for extra in sorted(named - EXTRAS)]
