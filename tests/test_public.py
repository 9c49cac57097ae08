"""What is public stays as it is, or changes as docs/releases.md says."""

import re
import subprocess
import sys
from difflib import unified_diff

import pytest

from tools.list_public import PUBLIC, public

WHAT_TO_DO = """What is public of musiq has changed. If it shall (docs/releases.md): additions wait for a minor release;
what goes or is called otherwise is deprecated first (musiq/deprecation.py) and goes in a major release. Say it in
CHANGELOG.md and write the list anew: python -m tools.list_public
"""


@pytest.fixture(scope="module")
def held() -> str:
    return PUBLIC.read_text()


def test_public_things_are_those_of_the_list(held):
    changes = list(unified_diff(held.splitlines(), public().splitlines(), "listed", "is", lineterm="", n=1))
    assert not changes, WHAT_TO_DO + "\n".join(changes)


def test_the_list_has_what_the_readme_shows(held):
    """Names that this file and the tool might lose together."""
    for line in (
        "load_checkpoint(source: str | Path = 'default') -> Checkpoint",
        "score(image: Any) -> Score",
        "    .mos: float",
        "    .score_many(self, images: Iterable[Any]) -> Iterator[Score | ImageError]",
        "musiq store export",
        "    --format table|csv|jsonl|parquet",
        "    --precision fp32|bf16|int8 = fp32",
        "path: str",
        "weights_sha256",
        "POST /api/score/image?name",
        "cluster",
    ):
        assert line in held.splitlines()


def test_types_are_known_but_for_images(held):
    """`Any` stands for what may be an image of many kinds, for values of JSON and of a row, and for what a `load` of
    the user's own gives."""
    names = held[held.index("## Names") : held.index("## Extras")]
    ours = r"images?: (Iterable\[)?Any|dict\[str, Any\]|\*\*facts: Any|load: Callable\[\[Any, .*\], Any\]"
    rest = re.findall(r".*\bAny\b.*", re.sub(ours, "", names))
    assert [line.strip() for line in rest] == [") -> Any", ") -> Iterator[Any]"]
    theirs = re.findall(r"\.(\w+)\((?:\n {8}.*)+\n    \) -> (?:Any|Iterator\[Any\])", names)
    assert theirs == ["score_beside", "score_loaded"]


def test_importing_musiq_loads_no_more_than_reads_images_and_weights():
    """All extras are installed here."""
    code = "import sys, musiq; print(*{name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {name for name in done.stdout.split() if not name.startswith("_")} == {
        "musiq",
        "numpy",
        "PIL",
        "safetensors",
    }
