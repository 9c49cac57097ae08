import re
from pathlib import Path

import pytest

from musiq.inputs.item import File, Stamp
from musiq.rows import Row, Scoring
from musiq.store.store import Store
from musiq.web.album import FORGOTTEN, Album, id_of
from musiq.web.folder import Folder
from musiq.web.scan import Scan
from musiq.web.state import State

SCORING = Scoring("w" * 64, "p", "fp32")
STAMP, OTHER = Stamp(1, 1), Stamp(1, 2)


def names(changes) -> list[str]:
    return [photo["path"] for photo in changes.photos]


def test_what_has_changed_comes_once_and_the_oldest_change_first():
    album = Album()
    for name in "abc":
        album.add(name, STAMP)
    first = album.changed(0, 10)
    assert (names(first), first.more, first.total) == (["a", "b", "c"], False, 3)
    assert album.changed(first.revision, 10).photos == []
    album.note(album.find("a"), Row("a", 2.5), STAMP)
    album.pick([album.find("c")], "pick")
    album.pick([album.find("c")], "pick")
    second = album.changed(first.revision, 10)
    assert [(photo["path"], photo["score"], photo["pick"]) for photo in second.photos] == [
        ("a", 2.5, None),
        ("c", None, "pick"),
    ]
    assert second.revision == first.revision + 2


def test_pages_meet_though_things_change_between_them():
    album, seen, since = Album(), {}, 0
    for number in range(10):
        album.add(f"{number}", STAMP)
    while True:
        page = album.changed(since, 4)
        seen.update({photo["path"]: photo["score"] for photo in page.photos})
        since = page.revision
        if not page.more:
            break
        album.note(album.find("0"), Row("0", float(since)), STAMP)
    assert seen.keys() == set("0123456789")
    assert seen["0"] == album.find("0").score
    assert album.changed(since, 4).photos == []


def test_a_changed_file_waits_again_and_an_unchanged_one_does_not():
    album = Album()
    album.note(album.add("a", STAMP), Row("a", 1.0, band="bad", notes=("n",)), STAMP)
    assert album.add("a", STAMP).state == "scored"
    assert album.find("a").as_dict()["notes"] == ("n",)
    assert (
        album.add("a", OTHER).as_dict() | {"state": "waiting", "score": None, "band": None} == album.find("a").as_dict()
    )
    album.note(album.find("a"), Row("a", kind="damaged", error="bad"), OTHER)
    assert album.find("a").state == "failed"


def test_ids_are_of_places():
    one, other = Album(), Album()
    assert one.add("x/ä.jpg", STAMP).id == other.add("x/ä.jpg", OTHER).id == id_of("x/ä.jpg")
    assert re.fullmatch("[0-9a-f]{16}", id_of("x/ä.jpg"))
    assert id_of("x/ä.jpg") != id_of("x/a.jpg")


def test_an_upload_shows_its_name_and_is_forgotten_with_its_row():
    album = Album()
    entry = album.add_upload("a.jpg", "0" * 16)
    album.note(entry, Row("a.jpg", 1.0), None)
    assert (entry.as_dict()["folder"], entry.as_dict()["upload"], entry.row.score) == ("uploads", True, 1.0)
    assert album.remove([entry]) == [entry]
    assert album.remove([entry]) == []
    album.note(entry, Row("a.jpg", 2.0), None)  # it was in work
    assert (entry.removed, entry.row) == (True, None)


def test_removed_uploads_do_not_pile_up(monkeypatch):
    monkeypatch.setattr("musiq.web.album.FORGOTTEN", 3)
    album = Album()
    for number in range(9):
        album.remove([album.add_upload("a.jpg", f"{number:016}")])
    assert len(album.changed(0, 99).photos) == 3 < FORGOTTEN


def test_neighbours_are_of_one_folder_by_name():
    album = Album()
    for name in ("d/3", "d/1", "d/2", "e/1", "d/4", "d/5", "d"):
        album.add(name, STAMP)
    album.add_upload("d/3", "0" * 16)
    assert [one.path for one in album.beside(album.find("d/3"), 1)] == ["d/2", "d/3", "d/4"]
    assert [one.path for one in album.beside(album.find("d/1"), 2)] == ["d/1", "d/2", "d/3"]
    assert [one.path for one in album.beside(album.find("d"), 9)] == ["d"]


@pytest.fixture
def scan(tmp_path):
    """Looks through a folder with three files; the store knows the score of one and the failure of another."""
    for name in ("a.jpg", "sub/b.jpg", "sub/c.jpg"):
        (tmp_path / "f" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "f" / name).write_text(name)
    folder, album = Folder(tmp_path / "f"), Album()
    with Store(tmp_path / "store") as store:
        path = folder.whole("a.jpg")
        store.put(Row(path, 3.0, content="0" * 32), SCORING, File(path).stamp())
        path = folder.whole("sub/b.jpg")
        store.put(Row(path, kind="damaged", error="bad"), SCORING, File(path).stamp())
        state = State(tmp_path / "store", folder.prefix)
        state.put_picks([folder.whole("sub/c.jpg")], "reject")
        yield Scan(folder, album, store, state, SCORING), album, tmp_path / "f"
        state.close()


def look(scan: Scan, *names: str, recursive: bool = True) -> None:
    scan.look(names, recursive, lambda: False)


def states(album: Album) -> dict[str, str]:
    return {one["path"]: "removed" if one["removed"] else one["state"] for one in album.changed(0, 99).photos}


def test_a_look_finds_photos_their_scores_and_their_picks(scan):
    scan, album, _ = scan
    look(scan, ".")
    assert states(album) == {"a.jpg": "scored", "sub/b.jpg": "failed", "sub/c.jpg": "waiting"}
    assert (album.find("a.jpg").score, album.find("sub/c.jpg").pick) == (3.0, "reject")
    before = album.changed(0, 9).revision
    look(scan, ".")
    assert album.changed(before, 9).photos == []


def test_a_look_finds_what_is_new_changed_and_gone(scan):
    scan, album, folder = scan
    look(scan, ".")
    (folder / "a.jpg").write_text("something else")
    (folder / "sub" / "b.jpg").unlink()
    (folder / "sub" / "new.jpg").write_text("new")
    look(scan, ".")
    assert states(album) == {
        "a.jpg": "waiting",
        "sub/b.jpg": "removed",
        "sub/c.jpg": "waiting",
        "sub/new.jpg": "waiting",
    }
    (folder / "sub" / "b.jpg").write_text("again")
    look(scan, ".")
    assert states(album)["sub/b.jpg"] == "waiting"


@pytest.mark.parametrize(
    ("name", "recursive", "gone"),
    [
        (".", True, {"a.jpg", "sub/b.jpg", "sub/c.jpg"}),
        (".", False, {"a.jpg"}),
        ("sub", False, {"sub/b.jpg", "sub/c.jpg"}),
        ("sub/b.jpg", True, {"sub/b.jpg"}),
        ("su", True, set()),
    ],
)
def test_a_look_at_a_part_says_nothing_of_the_rest(scan, name, recursive, gone):
    scan, album, folder = scan
    look(scan, ".")
    for path in Path(folder).rglob("*.jpg"):
        path.unlink()
    look(scan, name, recursive=recursive)
    assert {path for path, state in states(album).items() if state == "removed"} == gone


def test_a_look_that_is_stopped_takes_nothing_for_gone(scan):
    scan, album, _ = scan
    look(scan, ".")
    scan.look(["."], True, lambda: True)
    assert "removed" not in states(album).values()
