"""Parts of scripts/package, which CI runs whole."""

import re
import tarfile
from zipfile import ZipFile

import pytest

from tools.list_public import PUBLIC
from tools.release.commands import CALLS, uncalled
from tools.release.distributions import check_sdist, check_wheel
from tools.release.installed import _alike
from tools.release.pythons import find_python, versions


def test_every_command_is_tried_without_extras():
    names = re.findall(r"^musiq (.+)$", PUBLIC.read_text(), flags=re.MULTILINE)
    groups = {name.partition(" ")[0] for name in names if " " in name} - {"checkpoints"}
    assert uncalled([name for name in names if name not in groups]) == []
    assert uncalled(["score", "scores"]) == ["scores"]


def test_extras_that_are_named_exist():
    extras = PUBLIC.read_text().partition("## Extras\n")[2].partition("\n\n")[0].splitlines()
    assert {one.extra for one in CALLS} - {None} <= set(extras)


@pytest.fixture
def wheel(tmp_path):
    """A wheel of two files beside its source."""
    (tmp_path / "musiq").mkdir()
    (tmp_path / "musiq" / "py.typed").touch()
    path = tmp_path / "musiq-1.0.0-py3-none-any.whl"
    about = ("licenses/LICENSE", "METADATA", "entry_points.txt")
    with ZipFile(path, "w") as archive:
        for name in ("musiq/py.typed", *(f"musiq-1.0.0.dist-info/{name}" for name in about)):
            archive.writestr(name, "")
    return path


def test_a_wheel_holds_the_source_and_nothing_else(wheel):
    assert check_wheel(wheel, wheel.parent) == 1
    (wheel.parent / "musiq" / "py.typed").write_text("more")
    (wheel.parent / "musiq" / "page.css").touch()
    with ZipFile(wheel, "a") as archive:
        archive.writestr("tests/test_image.py", "")
    with pytest.raises(SystemExit, match="another musiq/py.typed; holds tests/test_image.py; lacks musiq/page.css"):
        check_wheel(wheel, wheel.parent)


def test_an_sdist_holds_no_tests(tmp_path):
    (tmp_path / "test_image.py").touch()
    with tarfile.open(tmp_path / "musiq.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "test_image.py", "musiq-1.0.0/musiq/image.py")
    assert check_sdist(tmp_path / "musiq.tar.gz") == 1
    with tarfile.open(tmp_path / "musiq.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "test_image.py", "musiq-1.0.0/tests/test_image.py")
    with pytest.raises(SystemExit, match="holds tests/test_image.py"):
        check_sdist(tmp_path / "musiq.tar.gz")


@pytest.mark.parametrize(
    ("place", "value", "same"),
    [(0, "82.65", True), (0, "82.70", False), (2, "92", True), (2, "95", False), (3, "good", False)],
)
def test_rows_are_alike_up_to_their_last_digits(place, value, same):
    row = ("82.64", "7.5", "91", "excellent", "640x427", "examples/china.jpg")
    assert _alike(row, (*row[:place], value, *row[place + 1 :])) is same


def test_a_python_that_is_not_here_is_none():
    assert find_python((3, 99)) is None
    assert versions() == [(3, 11), (3, 13)]
