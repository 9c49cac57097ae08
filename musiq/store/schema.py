"""The tables of a store, and how its file is opened: safe for several processes at once and when killed."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from musiq.errors import StoreError

APPLICATION = 0x4D555351  # "MUSQ", what tells a store from other SQLite files
VERSION = 1
BUSY_S = 60.0  # another process may write for so long before we give up
CACHE_KB = 16_384  # of a connection
LOG_PAGES = 8192  # 32 MB of changes in the file beside the store before they move into it; fewer moves, quicker writes
TABLES = """
CREATE TABLE scorings (
    id INTEGER PRIMARY KEY,                -- may be given again after pruning: of use within a transaction only
    weights TEXT NOT NULL,
    preprocess TEXT NOT NULL,
    precision TEXT NOT NULL,
    UNIQUE (weights, preprocess, precision)
);
CREATE TABLE contents (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE              -- BLAKE2b-128 of an encoded image
);
CREATE TABLE scores (
    id INTEGER PRIMARY KEY,
    content INTEGER NOT NULL,
    scoring INTEGER NOT NULL,
    score REAL NOT NULL,
    rest TEXT NOT NULL,                    -- JSON: what else the row says
    UNIQUE (content, scoring)
);
CREATE INDEX by_score ON scores (scoring, score, content);
CREATE TABLE files (
    path TEXT PRIMARY KEY,                 -- as rows name it
    content INTEGER,                       -- NULL where the bytes could not be read
    bytes INTEGER,                         -- the stamp; NULL for what has none
    mtime_ns INTEGER
) WITHOUT ROWID;
CREATE INDEX by_content ON files (content);
CREATE TABLE failures (
    path TEXT NOT NULL,
    scoring INTEGER NOT NULL,
    kind TEXT,
    reason TEXT NOT NULL,
    rest TEXT NOT NULL,
    PRIMARY KEY (path, scoring)
) WITHOUT ROWID;
"""
SCORING = "(SELECT id FROM scorings WHERE weights = :weights AND preprocess = :preprocess AND precision = :precision)"


def connect(path: Path, create: bool = True) -> sqlite3.Connection:
    """An open store, without transactions of Python's own; of use to several threads, one at a time.

    Args:
        create: make the file if it is not there.

    Raises:
        StoreError: the file is not there, is no store of this version, or cannot be opened.
    """
    if not create and not path.is_file():
        raise StoreError(f"{path}: no such store")
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            return _open(path)
        except sqlite3.Error as error:
            if not _is_busy(error) or time.monotonic() > deadline:
                raise StoreError(f"{path}: cannot be opened as a store: {error}") from error
            time.sleep(0.02)  # SQLite does not wait where it changes the kind of journal


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        if not _is_store(connection, path):
            connection.execute("PRAGMA journal_mode = WAL")  # readers beside one writer; the file remembers it
            _make_tables(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
    except BaseException:
        connection.close()
        raise
    return connection


def _is_store(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the file is a store; False if it is empty.

    Raises:
        StoreError: it is anything else.
    """
    connection.execute("BEGIN")  # another process may make the tables between two questions
    application, version = (_ask(connection, f"PRAGMA {name}") for name in ("application_id", "user_version"))
    tables = _ask(connection, "SELECT count(*) FROM sqlite_master")
    connection.execute("ROLLBACK")
    if (application, version) == (APPLICATION, VERSION):
        return True
    if application == APPLICATION:
        raise StoreError(f"{path}: a store of version {version}; this musiq reads version {VERSION}")
    if application or version or tables:
        raise StoreError(f"{path}: an SQLite file, but no store of musiq")
    return False


def _ask(connection: sqlite3.Connection, question: str) -> int:
    return connection.execute(question).fetchone()[0]


def _make_tables(connection: sqlite3.Connection) -> None:
    """Of two processes one makes them, and the other finds them."""
    with transaction(connection):
        if _ask(connection, "PRAGMA user_version") == 0:
            for statement in TABLES.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def transaction(connection: sqlite3.Connection, keep: bool = True) -> Iterator[None]:
    """Context whose changes are made together, or not at all: after an exception, or without `keep`."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        if keep:
            connection.execute("COMMIT")
    finally:
        if connection.in_transaction:  # a full disk may have ended it
            connection.execute("ROLLBACK")


@contextmanager
def reader(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write; what a question finds is of one moment, whatever is written meanwhile."""
    with closing(connect(path, create=False)) as connection:
        connection.execute("PRAGMA query_only = ON")
        yield connection
