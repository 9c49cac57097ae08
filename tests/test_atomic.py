import pytest

from musiq import atomic
from musiq.atomic import write_folder

OLD, NEW = {"a": b"old", "b": b"old"}, {"a": b"new", "b": None}


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path):
    write_folder(tmp_path / "runs" / "one", OLD)
    return tmp_path / "runs" / "one"


def test_a_folder_is_replaced_and_no_debris_stays(folder):
    assert content(folder) == OLD
    write_folder(folder, NEW)
    assert content(folder) == {"a": b"new"}
    assert [path.name for path in folder.parent.iterdir()] == ["one"]


def test_files_of_others_stay(folder):
    (folder / "note.txt").write_bytes(b"mine")
    (folder / "more").mkdir()
    (folder / "more" / "x").write_bytes(b"x")
    write_folder(folder, NEW)
    assert (folder / "note.txt").read_bytes() == b"mine"
    assert (folder / "more" / "x").read_bytes() == b"x"


def test_a_link_to_a_folder_stays_a_link(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    write_folder(tmp_path / "link", NEW)
    assert (tmp_path / "link").is_symlink()
    assert content(folder) == {"a": b"new"}


@pytest.mark.parametrize("failing", ["_write_all", "_swap"])
def test_after_a_failure_the_old_folder_is_there_whole(folder, monkeypatch, failing):
    def fail(*_):
        raise OSError("no space")

    monkeypatch.setattr(atomic, failing, fail)
    with pytest.raises(OSError, match="no space"):
        write_folder(folder, NEW)
    assert content(folder) == OLD
    assert [path.name for path in folder.parent.iterdir()] == ["one"]


@pytest.mark.parametrize("renamed", [False, True])
def test_what_a_crash_left_is_cleared_up(folder, renamed):
    """A crash leaves a half-written folder; between the two renames, also the older one under its hidden name."""
    write_folder(folder.parent / ".one.partial", {"a": b"half"})
    if renamed:
        folder.rename(folder.parent / ".one.previous")
    write_folder(folder, {"b": b"new"})
    assert content(folder) == {"a": b"old", "b": b"new"}
    assert [path.name for path in folder.parent.iterdir()] == ["one"]
