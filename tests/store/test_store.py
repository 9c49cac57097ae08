import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import fields, replace

import pytest

from musiq.errors import StoreError
from musiq.inputs.item import Stamp
from musiq.rows import Row
from musiq.store import Store
from tests.store.made import A8, LATER, STAMP, A, B, content, failed, scored

WHOLE = Row(
    path="photos/größe ☃\n.jpg",
    score=0.1 + 0.2,
    interval_low=-1e-17,
    interval_high=6.5,
    coverage=0.9,
    percentile=33.3,
    band="fair",
    low=1.0,
    high=10.0,
    distribution=(0.25, 0.75),
    checkpoint="default",
    weights=B.weights,
    preprocess="google-v1/224+384+native/p32/g10",  # of an image below the cap of the run
    runtime="onnx",
    precision="fp32",
    width=3,
    height=4,
    bytes=2**40,
    content=content("whole"),
    notes=("one", "two \udce9"),
    seconds=0.125,
    time="2026-01-02T03:04:05+00:00",
)
BARE = Row("bare.jpg", score=5.0, content=content("bare"))
BROKEN = Row("broken.jpg", kind="empty", error="0 bytes of \udce9.jpg", bytes=0, seconds=0.5)
TIMEOUT = replace(WHOLE, score=None, distribution=None, kind="timeout", error="more than 5 s")


def test_the_row_here_is_whole():
    assert all(getattr(WHOLE, field.name) is not None for field in fields(Row) if field.name not in ("kind", "error"))


@pytest.mark.parametrize("row", [WHOLE, BARE, BROKEN, TIMEOUT], ids=["whole", "bare", "broken", "timeout"])
def test_a_row_comes_back_as_it_was(tmp_path, row):
    with Store(tmp_path / "s") as store:
        store.put(row, B, STAMP)
        assert store.known(row.path, STAMP, B) == row
    with Store(tmp_path / "s") as store:  # by another process
        assert store.known(row.path, STAMP, B) == row
        if row.score is not None:
            assert store.find(row.content, B) == replace(row, path="")


def test_only_an_unchanged_file_of_this_scoring_is_known(store):
    store.put_many([(scored("a.jpg", 5), A, STAMP), (scored("tar!a.jpg", 6), A, None), (failed("b.jpg"), A, STAMP)])
    for path in ("a.jpg", "b.jpg"):
        assert store.known(path, STAMP, A).path == path
        for stamp in (None, LATER, Stamp(101, 5)):
            assert store.known(path, stamp, A) is None
        for scoring in (A8, B):
            assert store.known(path, STAMP, scoring) is None
    assert store.known("c.jpg", STAMP, A) is None
    assert store.known("tar!a.jpg", None, A) is None
    assert store.find(content("tar!a.jpg"), A).score == 6
    assert store.find(content("tar!a.jpg"), B) is None
    assert store.find(content("b.jpg"), A) is None


def test_copies_share_a_score(store):
    store.put(scored("a.jpg", 5, of="same"), A, STAMP)
    store.put(scored("b.jpg", 6, of="same"), A, LATER)
    assert store.known("a.jpg", STAMP, A) == scored("a.jpg", 6, of="same")
    assert store.known("b.jpg", LATER, A) == scored("b.jpg", 6, of="same")


def test_a_changed_file_leads_to_its_new_content(store):
    store.put(scored("a.jpg", 5, of="old"), A, STAMP)
    store.put(scored("a.jpg", 6, of="new"), A, LATER)
    assert store.known("a.jpg", STAMP, A) is None
    assert store.known("a.jpg", LATER, A).score == 6
    assert store.find(content("old"), A).score == 5


@pytest.mark.parametrize("held", [None, "a.jpg"], ids=["unread", "read"])
def test_a_score_takes_the_paths_failure_away(store, held):
    store.put(failed("a.jpg", of=held), A, STAMP)
    store.put(failed("a.jpg", of=held), B, STAMP)
    store.put(scored("a.jpg", 5), A, STAMP)
    assert store.known("a.jpg", STAMP, A).score == 5
    assert store.known("a.jpg", STAMP, B).kind == "damaged"  # of another scoring
    assert list(store.read("SELECT path, scoring FROM failures")) == [("a.jpg", 2)]


def test_a_score_takes_the_failures_of_copies_away(store):
    store.put(failed("a.jpg", of="same", kind="timeout"), A, STAMP)
    store.put(failed("b.jpg", of="other"), A, STAMP)
    store.put(scored("c.jpg", 5, of="same"), A, STAMP)
    assert store.known("a.jpg", STAMP, A) == scored("a.jpg", 5, of="same")
    assert list(store.read("SELECT path FROM failures")) == [("b.jpg",)]


def test_a_path_that_becomes_a_copy_loses_its_failure(store):
    store.put(scored("a.jpg", 5, of="same"), A, STAMP)
    store.put(failed("b.jpg", kind="permission"), A, STAMP)
    store.put(scored("b.jpg", 7, of="same", scoring=B), B, STAMP)
    assert store.known("b.jpg", STAMP, A) == scored("b.jpg", 5, of="same")
    assert list(store.read("SELECT path FROM failures")) == []


@pytest.mark.parametrize("held", [None, "a.jpg"], ids=["unread", "read"])
def test_a_score_stands_while_the_file_is_unchanged(store, held):
    store.put(scored("a.jpg", 5), A, STAMP)
    store.put(failed("a.jpg", of=held, kind="timeout"), A, STAMP)
    store.put(failed("a.jpg", of=held, kind="timeout"), B, STAMP)
    assert store.known("a.jpg", STAMP, A).score == 5
    assert store.known("a.jpg", STAMP, B).kind == "timeout"
    assert list(store.read("SELECT count(*) FROM failures")) == [(1,)]


@pytest.mark.parametrize(
    ("before", "stamp", "held"),
    [(STAMP, LATER, None), (STAMP, LATER, "new"), (STAMP, STAMP, "new"), (STAMP, None, None), (None, None, None)],
)
def test_a_failure_of_a_changed_file_takes_its_score_off(store, before, stamp, held):
    store.put(scored("a.jpg", 5, of="old"), A, before)
    store.put(failed("a.jpg", of=held), A, stamp)
    assert list(store.read("SELECT path FROM failures")) == [("a.jpg",)]
    assert list(store.read("SELECT path FROM files JOIN scores USING (content)")) == []
    assert store.find(content("old"), A).score == 5
    if stamp is not None:
        assert store.known("a.jpg", stamp, A) == failed("a.jpg", of=held)


@pytest.mark.parametrize("held", [(None, None), ("old", "new"), (None, "new"), ("old", None)])
def test_a_failure_is_of_the_file_as_it_was(store, held):
    store.put(failed("a.jpg", of=held[0]), A, STAMP)
    store.put(failed("a.jpg", of=held[1]), B, LATER)
    assert store.known("a.jpg", LATER, A) is None
    assert store.known("a.jpg", LATER, B) is not None


def test_a_touched_file_keeps_its_failure(store):
    store.put(failed("a.jpg", of="same"), A, STAMP)
    store.put(failed("a.jpg", of="same"), B, LATER)
    assert store.known("a.jpg", LATER, A) == failed("a.jpg", of="same")


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (Row("a.jpg"), "a.jpg: a row with neither score nor error"),
        (Row("a.jpg", score=5.0), "a.jpg: a score without the hash of its content"),
        (Row("a.jpg", score=float("nan"), content=content("a")), "a.jpg: the score nan is not finite"),
        (Row("a.jpg", score=5.0, content="12ab"), "content '12ab' is not a hash of 16 bytes"),
        (Row("a.jpg", score=5.0, content="Z" * 32), "content 'ZZ+' is not"),
        (Row("a\udce9.jpg", score=5.0, content=content("a")), "cannot be written: .* surrogates not allowed"),
    ],
)
def test_what_cannot_be_stored_stops_the_whole_batch(store, row, named):
    with pytest.raises(StoreError, match=named):
        store.put_many([(scored("b.jpg", 5), A, STAMP), (row, A, STAMP)])
    assert store.known("b.jpg", STAMP, A) is None
    with closing(sqlite3.connect(store.path)) as other:
        for table in ("scores", "files", "contents", "scorings"):
            assert other.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    store.put(scored("b.jpg", 5), A, STAMP)  # and it goes on
    assert store.known("b.jpg", STAMP, A).score == 5


def test_an_exception_of_the_caller_keeps_nothing(store):
    def rows():
        yield scored("a.jpg", 5), A, STAMP
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.put_many(rows())
    assert store.known("a.jpg", STAMP, A) is None


def test_threads_share_a_store(store):
    def work(number):
        for index in range(number, 200, 4):
            store.put(scored(f"{index}.jpg", index), A, STAMP)
            assert store.known(f"{index}.jpg", STAMP, A).score == index
        return sum(1 for _ in store.read("SELECT * FROM scores"))

    with ThreadPoolExecutor(4) as pool:
        assert max(pool.map(work, range(4))) == 200


def test_a_reader_sees_one_moment(store):
    store.put_many([(scored(f"{index}.jpg", index), A, STAMP) for index in range(3)])
    rows = store.read("SELECT score FROM scores ORDER BY score")
    assert next(rows) == (0,)
    store.put(scored("3.jpg", 3), A, STAMP)
    assert list(rows) == [(1,), (2,)]


def test_a_reader_cannot_write(store):
    with pytest.raises(StoreError, match="cannot be read: attempt to write"):
        list(store.read("DELETE FROM scores"))
