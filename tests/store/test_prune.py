import os
import sys
from pathlib import Path

import pytest

from musiq.inputs.item import File, portable
from musiq.store import Store
from musiq.store.prune import Pruned, is_gone, prune_store, vacuum_store
from tests.store.made import A8, STAMP, A, B, content, failed, scored

TABLES = ("files", "contents", "scores", "failures", "scorings")


def counts(store):
    return {table: next(store.read(f"SELECT count(*) FROM {table}"))[0] for table in TABLES}


@pytest.fixture
def photos(tmp_path, store):
    """Two files that are there and two that are gone, one of each with a score and one with an error."""
    for name in ("kept.jpg", "gone.jpg", "broken.jpg", "gone broken.jpg"):
        path = tmp_path / name
        path.write_bytes(name.encode())
        row = failed(str(path)) if "broken" in name else scored(str(path), 5)
        store.put(row, A, File(str(path)).stamp())
    for name in ("gone.jpg", "gone broken.jpg"):
        (tmp_path / name).unlink()
    return tmp_path


def test_files_that_are_gone(store, photos):
    assert prune_store(store, gone=True) == Pruned(files=2, scores=0, failures=1, scorings=0)
    assert counts(store) == {"files": 2, "contents": 2, "scores": 2, "failures": 1, "scorings": 1}
    assert {Path(path).name for (path,) in store.read("SELECT path FROM files")} == {"kept.jpg", "broken.jpg"}
    assert store.find(content(str(photos / "gone.jpg")), A).score == 5  # should it come back
    assert prune_store(store, unused=True) == Pruned(files=0, scores=1, failures=0, scorings=0)
    assert counts(store) == {"files": 2, "contents": 1, "scores": 1, "failures": 1, "scorings": 1}


def test_several_at_once_and_what_is_left(store, photos):
    assert prune_store(store, gone=True, unused=True, failures=True) == Pruned(3, 1, 2, 0)
    assert counts(store) == {"files": 1, "contents": 1, "scores": 1, "failures": 0, "scorings": 1}
    path = str(photos / "kept.jpg")
    assert store.known(path, File(path).stamp(), A) == scored(path, 5)


def test_a_dry_run_counts_the_same_and_changes_nothing(store, photos):
    before = counts(store)
    counted = prune_store(store, gone=True, unused=True, failures=True, scorings=[A], dry_run=True)
    assert counts(store) == before
    assert prune_store(store, gone=True, unused=True, failures=True, scorings=[A]) == counted == Pruned(4, 2, 2, 1)
    assert set(counts(store).values()) == {0}


def test_photos_are_not_touched(store, photos):
    def facts():
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in photos.glob("*.jpg")}

    before = facts()
    prune_store(store, gone=True, unused=True, failures=True, scorings=[A])
    assert len(before) == 2
    assert facts() == before


def test_nothing_chosen_removes_nothing(store, photos):
    before = counts(store)
    assert prune_store(store) == Pruned(0, 0, 0, 0)
    assert counts(store) == before


def test_a_scoring_with_all_it_gave(store):
    for scoring in (A, A8):
        store.put(scored("a.jpg", 5, scoring=scoring), scoring, STAMP)
        store.put(failed("b.jpg", scoring=scoring), scoring, STAMP)
    store.put(scored("c.jpg", 5), A, STAMP)
    assert prune_store(store, scorings=[A, B]) == Pruned(files=1, scores=2, failures=1, scorings=1)
    assert store.known("a.jpg", STAMP, A) is None
    assert store.known("a.jpg", STAMP, A8).score == 5
    assert store.known("b.jpg", STAMP, A8).kind == "damaged"
    assert [path for (path,) in store.read("SELECT path FROM files ORDER BY path")] == ["a.jpg", "b.jpg"]


def test_a_removed_scoring_is_not_taken_for_a_later_one(store):
    """By another process that has it at hand."""
    store.put(scored("a.jpg", 5, scoring=B), B, STAMP)
    with Store(store.path) as other:
        prune_store(other, scorings=[B])
        other.put(scored("b.jpg", 6), A, STAMP)
    store.put(scored("c.jpg", 7, scoring=B), B, STAMP)
    rows = "SELECT score, weights FROM scores JOIN scorings ON scorings.id = scoring ORDER BY score"
    assert list(store.read(rows)) == [(6, A.weights), (7, B.weights)]


def test_only_files_of_this_machine_are_looked_for(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ("tar.tar!a.jpg", f"{tmp_path}/t.parquet!3", "s3://bucket/a.jpg", "https://example.org/a.jpg")
    for name in names:
        store.put(scored(name, 5), A, STAMP)
    store.put(scored("in memory", 5), A, None)
    store.put(scored("relative.jpg", 5), A, STAMP)
    assert prune_store(store, gone=True) == Pruned(1, 0, 0, 0)
    assert {path for (path,) in store.read("SELECT path FROM files")} == {*names, "in memory"}


def test_gone_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jpg").touch()
    (tmp_path / "link.jpg").symlink_to("nowhere")
    assert [name for name in ("a.jpg", str(tmp_path / "a.jpg"), "x" * 5000) if is_gone(name)] == []  # too long to ask
    gone = ["b.jpg", "no/b.jpg", "a.jpg/b.jpg", "link.jpg"]
    assert [name for name in gone if is_gone(name)] == gone


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_names_that_are_no_text(tmp_path):
    folder = os.fsencode(tmp_path)
    for name in (b"caf\xe9 \\ \\xe9.jpg", rb"literal \xe9.jpg"):
        path = portable(os.fsdecode(os.path.join(folder, name)))  # noqa: PTH118  bytes
        assert is_gone(path)
        with open(os.path.join(folder, name), "wb"):  # noqa: PTH118
            assert not is_gone(path)


def test_a_closed_folder_keeps_its_files(monkeypatch):
    def refuse(path):
        raise PermissionError

    monkeypatch.setattr(Path, "stat", refuse)
    assert not is_gone("closed/a.jpg")


def test_a_file_that_comes_back_meanwhile_stays(store, photos, monkeypatch):
    """Another run puts it while this one asks for files."""
    path = photos / "gone.jpg"

    def answer(name):
        if name == str(path):
            path.write_bytes(b"back")
            store.put(scored(name, 6, of="back"), A, File(name).stamp())
            return True
        return is_gone(name)

    monkeypatch.setattr("musiq.store.prune.is_gone", answer)
    assert prune_store(store, gone=True) == Pruned(files=1, scores=0, failures=1, scorings=0)
    assert store.known(str(path), File(str(path)).stamp(), A).score == 6


def test_space_is_given_back(store):
    store.put_many((scored(f"{number}.jpg", 5), A, STAMP) for number in range(3000))
    prune_store(store, scorings=[A])
    freed = vacuum_store(store)
    assert freed > 400_000
    assert store.path.stat().st_size < 100_000
    store.put(scored("a.jpg", 5), A, STAMP)
    assert store.known("a.jpg", STAMP, A).score == 5
