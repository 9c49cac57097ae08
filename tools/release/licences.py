"""Which licences the dependencies have, and whether they allow commercial use; the table of docs/dependencies.md.

    python -m tools.release.licences

writes that table from the environment that it runs in.
"""

import json
import re
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from musiq import __version__
from tools.release.pythons import ROOT, call

PAGE = ROOT / "docs" / "dependencies.md"
EXTRA = "web"  # whose dependencies are listed beside those of the base install: what `musiq serve` needs

# SPDX identifiers, each with why a product that is sold may use the package. A licence that is not here is an error:
# read it, and add it with the reason, or do without the package.
ALLOWED = {
    "0BSD": "any use, no conditions",
    "Apache-2.0": "any use; keep notices, patent grant",
    "BSD": "of two or three clauses, the metadata do not say which: any use; keep the notice",
    "BSD-2-Clause": "any use; keep the notice",
    "BSD-3-Clause": "any use; keep the notice",
    "CC0-1.0": "public domain",
    "ISC": "any use; keep the notice",
    "MIT": "any use; keep the notice",
    "MIT-CMU": "any use; keep the notice (Pillow)",
    "MPL-2.0": "any use; only changed files of the package itself must be published",
    "PSF-2.0": "any use; keep the notice (Python's own)",
    "Zlib": "any use; do not claim to have written it",
}
SPDX = {  # how metadata without an SPDX identifier call them
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "2-clause BSD License": "BSD-2-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
WHAT_FOR = {
    "fastapi": "routes of the HTTP API, and their description",
    "fastapi-offline": "the reference at `/docs` without another host",
    "imagehash": "finding near-duplicates",
    "numpy": "images, patches and weights as arrays",
    "onnxruntime": "executes the network",
    "pillow": "decodes images",
    "prometheus-client": "numbers for Prometheus",
    "python-multipart": "photos in forms",
    "rich": "progress and tables",
    "safetensors": "reads and writes weights",
    "scipy": "groups of near-duplicates",
    "typer": "the command line",
    "uvicorn": "the HTTP server",
}
HEAD = """# Dependencies
What `pip install musiq` and `pip install 'musiq[web]'` bring, with what their own metadata say of their licences. Each
is on the list of licences that allow commercial use (`tools/release/licences.py`, with the reasons), or
`scripts/package` fails; it also writes the versions, as an SBOM (CycloneDX) and as a list of licences, into `dist/`.
This page is written by `python -m tools.release.licences`.
"""
ADDED = f"## What musiq[{EXTRA}] adds"


class Package(NamedTuple):
    """An installed package: its name as PEP 503 writes it, and its licence as SPDX does."""

    name: str
    licence: str


def installed(python: Path) -> list[Package]:
    """The packages of an environment, musiq left out, as pip-licenses finds them."""
    command = [sys.executable, "-m", "piplicenses", "--python", python]
    listed = call([*command, "--from=mixed", "--format=json", "--with-system"])
    packages = [Package(canonicalize_name(one["Name"]), spdx(one["License"])) for one in json.loads(listed)]
    return sorted(package for package in packages if package.name != "musiq")


def write_reports(python: Path, stem: Path) -> None:
    """An SBOM (`.cdx.json`, CycloneDX) and a list of licences (`-licences.csv`) of an environment, musiq included."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--mc-type", "library", "--output-reproducible"]
    bom = json.loads(call([*command, "--pyproject", ROOT / "pyproject.toml", python]))
    bom["metadata"]["component"]["version"] = __version__  # which is not in pyproject.toml
    Path(f"{stem}.cdx.json").write_text(json.dumps(bom, indent=2) + "\n")
    command = [sys.executable, "-m", "piplicenses", "--python", str(python), "--from=mixed", "--format=csv"]
    Path(f"{stem}-licences.csv").write_text(call([*command, "--with-urls", "--with-system"]))


def spdx(licence: str) -> str:
    """A licence as an SPDX expression, where we know how it is called."""
    return SPDX.get(licence, licence)


def check_allowed(packages: list[Package]) -> None:
    """Raises `SystemExit` with each package whose licence is not on the list."""
    if wrong := [f"{package.name} ({package.licence})" for package in packages if not allowed(package.licence)]:
        raise SystemExit(f"not on the list of licences in tools/release/licences.py: {', '.join(wrong)}")


def allowed(expression: str) -> bool:
    """Whether an SPDX expression leaves a way that is allowed: all of what `AND` joins, one of what `OR` does."""
    parts = [part.strip("() ") for part in re.split(r"\bAND\b", expression)]
    return all(any(one.strip() in ALLOWED for one in re.split(r"\bOR\b", part)) for part in parts)


def needed(extra: str) -> dict[str, str]:
    """Name and use of each package that `musiq[extra]` needs in this environment, directly or for another."""
    uses: dict[str, str] = {}
    waiting, seen = [("musiq", chosen) for chosen in dict.fromkeys(["", extra])], set[tuple[str, str]]()
    while waiting:
        owner, chosen = waiting.pop(0)
        seen.add((owner, chosen))
        for requirement in map(Requirement, distribution(owner).requires or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": chosen}):
                name = canonicalize_name(requirement.name)
                uses.setdefault(name, _use(name, owner))
                waiting += {(name, inner) for inner in ("", *requirement.extras)} - seen
    return {name: use for name, use in uses.items() if name != "musiq"}


def _use(name: str, owner: str) -> str:
    if owner != "musiq" or name == "musiq":
        return f"for {owner}"
    if name not in WHAT_FOR:
        raise SystemExit(f"say in tools/release/licences.py what {name} is for")
    return WHAT_FOR[name]


def page() -> str:
    """The text of docs/dependencies.md, from this environment."""
    licences = {package.name: package.licence for package in installed(Path(sys.executable))}
    base = needed("")
    more = {name: use for name, use in needed(EXTRA).items() if name not in base}
    lines = [HEAD, "## The base install", *_table(base, licences), ""]
    return "\n".join([*lines, ADDED, *_table(more, licences), ""])


def _table(uses: dict[str, str], licences: dict[str, str]) -> list[str]:
    rows = [f"| {name} | {licences[name]} | {use} |" for name, use in sorted(uses.items())]
    return ["| package | licence | what for |", "|---|---|---|", *rows]


def check_page(packages: list[Package], extra: str) -> None:
    """Raises `SystemExit` unless the page names these packages of an environment of the base install, or of `EXTRA`,
    with their licences."""
    text = PAGE.read_text()
    text = text if extra else text[: text.index(ADDED)]
    told = {Package(*row) for row in re.findall(r"^\| (\S+) \| (.+?) \|", text, flags=re.MULTILINE)}
    told.discard(Package("package", "licence"))
    if differ := sorted(told ^ set(packages)):
        raise SystemExit(
            f"{PAGE.relative_to(ROOT)} is not of today, write it anew (python -m tools.release.licences): "
            + ", ".join(f"{package.name} ({package.licence})" for package in differ)
        )


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"{PAGE.relative_to(ROOT)}: written")
