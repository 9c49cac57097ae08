import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest

from musiq.errors import StoreError
from musiq.store import Store, schema
from tests.store.made import STAMP, A, scored


def ask(path, question):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(question).fetchall()


def test_the_file_is_sqlite_and_says_what_it_is(store):
    assert ask(store.path, "PRAGMA journal_mode") == [("wal",)]
    assert ask(store.path, "PRAGMA user_version") == [(1,)]
    assert ask(store.path, "PRAGMA application_id") == [(int.from_bytes(b"MUSQ"),)]


def test_a_new_store_needs_a_folder(tmp_path):
    with pytest.raises(StoreError, match="no/scores.sqlite: cannot be opened as a store"):
        Store(tmp_path / "no" / "scores.sqlite")


def test_a_store_that_must_be_there(tmp_path):
    path = tmp_path / "scores.sqlite"
    with pytest.raises(StoreError, match="scores.sqlite: no such store"):
        Store(path, create=False)
    assert not path.exists()
    path.write_bytes(b"")  # what a kill leaves before the first table
    Store(path, create=False).close()
    assert ask(path, "SELECT count(*) FROM scores") == [(0,)]


def make_text(path):
    path.write_text("not a database, but more text than SQLite's header is long " * 9)


def make_foreign(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text)")


def make_later(path):
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (make_text, "cannot be opened as a store: file is not a database"),
        (make_foreign, "an SQLite file, but no store of musiq"),
        (make_later, "a store of version 2; this musiq reads version 1"),
    ],
)
def test_other_files_are_refused_and_left_alone(tmp_path, make, named):
    path = tmp_path / "other"
    make(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=f"other: {named}"):
        Store(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_several_may_create_it_at_once(tmp_path):
    """Eight each time, because a single pair rarely meets in the moment that matters."""
    for turn in range(10):
        path, start = tmp_path / str(turn), Barrier(8)

        def create(number, path=path, start=start):
            start.wait()
            with Store(path) as store:
                store.put(scored(f"{number}.jpg", number), A, STAMP)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(create, range(8)))
        assert ask(path, "SELECT count(*), sum(score) FROM scores") == [(8, 28)]


def test_a_store_that_is_busy_at_once_is_tried_again(tmp_path, monkeypatch):
    """SQLite does not wait where two change the kind of journal; that moment is hard to meet."""
    tries, really_open = [], schema._open

    def open_later(path):
        tries.append(path)
        if len(tries) == 1:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return really_open(path)

    monkeypatch.setattr(schema, "_open", open_later)
    Store(tmp_path / "s").close()
    assert len(tries) == 2


def test_waiting_for_another_writer_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(schema, "BUSY_S", 0.1)
    with Store(tmp_path / "s") as store, closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="s: cannot be written: database is locked"):
            store.put(scored("a.jpg", 1), A, STAMP)
        other.execute("ROLLBACK")
        store.put(scored("a.jpg", 1), A, STAMP)


def test_a_store_that_is_being_made_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(schema, "BUSY_S", 0.1)
    with closing(sqlite3.connect(tmp_path / "s", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="s: cannot be opened as a store: database is locked"):
            Store(tmp_path / "s")
