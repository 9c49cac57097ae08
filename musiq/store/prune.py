"""Takes out of a store what is of no more use. Only the store is changed, never an image."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from musiq.errors import StoreError
from musiq.inputs.item import real_path
from musiq.rows import Scoring
from musiq.store.schema import SCORING, connect, transaction
from musiq.store.store import Store

GONE = "DELETE FROM files WHERE (path, bytes, mtime_ns) IN (SELECT path, bytes, mtime_ns FROM temp.gone)"
UNUSED = "DELETE FROM scores WHERE NOT EXISTS (SELECT 1 FROM files WHERE files.content = scores.content)"
LOST_FAILURES = "DELETE FROM failures WHERE NOT EXISTS (SELECT 1 FROM files WHERE files.path = failures.path)"
IDLE_FILES = """
DELETE FROM files WHERE NOT EXISTS (SELECT 1 FROM scores WHERE scores.content = files.content)
AND NOT EXISTS (SELECT 1 FROM failures WHERE failures.path = files.path)
"""
IDLE_CONTENTS = """
DELETE FROM contents WHERE NOT EXISTS (SELECT 1 FROM scores WHERE scores.content = contents.id)
AND NOT EXISTS (SELECT 1 FROM files WHERE files.content = contents.id)
"""
IDLE_SCORINGS = """
DELETE FROM scorings WHERE NOT EXISTS (SELECT 1 FROM scores WHERE scores.scoring = scorings.id)
AND NOT EXISTS (SELECT 1 FROM failures WHERE failures.scoring = scorings.id)
"""


@dataclass(frozen=True)
class Pruned:
    """How many were removed."""

    files: int
    scores: int
    failures: int
    scorings: int


def prune_store(
    store: Store,
    *,
    gone: bool = False,
    unused: bool = False,
    failures: bool = False,
    scorings: Sequence[Scoring] = (),
    dry_run: bool = False,
) -> Pruned:
    """Removes what was chosen, and then what leads nowhere without it, together.

    Args:
        gone: files that are not there any more, see `is_gone`, and their failures; their scores stay.
        unused: scores of contents that no file has, those that are `gone` left out.
        failures: all of them, so that their images are tried again.
        scorings: all that these gave.
        dry_run: only count.

    Raises:
        StoreError: the file cannot be written.
    """
    try:
        with closing(connect(store.path, create=False)) as connection:
            _note_gone(store, connection, gone)
            with transaction(connection, keep=not dry_run):
                return _remove(connection, unused, failures, scorings)
    except sqlite3.Error as error:
        raise StoreError(f"{store.path}: cannot be pruned: {error}") from error


def vacuum_store(store: Store) -> int:
    """Gives unused space back to the disk; how many bytes that was. Needs as much space as the store while it works."""
    try:
        with closing(connect(store.path, create=False)) as connection:
            before = _settled_bytes(store, connection)
            connection.execute("VACUUM")
            return before - _settled_bytes(store, connection)
    except sqlite3.Error as error:
        raise StoreError(f"{store.path}: its space cannot be given back: {error}") from error


def _settled_bytes(store: Store, connection: sqlite3.Connection) -> int:
    """Size of the file with all changes moved into it."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return store.path.stat().st_size


def is_gone(path: str) -> bool:
    """Whether a row's path names a file on this machine that is not there, relative ones below the current folder.

    False for members of archives (`archive!member`), for addresses, and where a folder may not be asked.
    """
    if "!" in path or "://" in path:
        return False
    return _is_missing(real_path(path))


def _is_missing(path: str) -> bool:
    try:
        Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def _note_gone(store: Store, connection: sqlite3.Connection, wanted: bool) -> None:
    """In a table of this connection, before the transaction: asking a million files takes longer than others wait."""
    connection.execute("CREATE TEMP TABLE gone (path TEXT, bytes INTEGER, mtime_ns INTEGER)")
    if wanted:
        stamped = store.read("SELECT path, bytes, mtime_ns FROM files WHERE mtime_ns IS NOT NULL")
        connection.executemany("INSERT INTO gone VALUES (?, ?, ?)", (row for row in stamped if is_gone(row[0])))


def _remove(connection: sqlite3.Connection, unused: bool, failures: bool, scorings: Sequence[Scoring]) -> Pruned:
    def count(statement: str) -> int:
        return connection.execute(statement).rowcount

    of_scorings = [_remove_scoring(connection, scoring) for scoring in scorings]
    scores, failed = (sum(counts) for counts in zip((0, 0), *of_scorings, strict=True))
    files = count(GONE)
    failed += count("DELETE FROM failures") if failures else count(LOST_FAILURES)
    scores += count(UNUSED) if unused else 0
    files += count(IDLE_FILES)
    count(IDLE_CONTENTS)
    return Pruned(files, scores, failed, count(IDLE_SCORINGS))


def _remove_scoring(connection: sqlite3.Connection, scoring: Scoring) -> tuple[int, int]:
    """Counts of its scores and failures."""
    scores, failures = (
        connection.execute(f"DELETE FROM {table} WHERE scoring = {SCORING}", vars(scoring)).rowcount
        for table in ("scores", "failures")
    )
    return scores, failures
