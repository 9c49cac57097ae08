"""Picks and jobs, in tables of their own in the store's file, so that they outlive a server that is killed."""

import hashlib
import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from musiq.errors import OutputError, StoreError
from musiq.outputs.lock import open_locked, release
from musiq.rows import Row
from musiq.store.packed import pack, unpack
from musiq.store.schema import connect, reader, transaction

TABLES = """
CREATE TABLE IF NOT EXISTS web_picks (
    path TEXT PRIMARY KEY,                 -- whole, as in `files`
    pick TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS web_jobs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    folder TEXT NOT NULL,                  -- that is served
    facts TEXT NOT NULL                    -- JSON
);
CREATE TABLE IF NOT EXISTS web_rows (
    job TEXT NOT NULL,
    number INTEGER NOT NULL,               -- from 0, without gaps
    path TEXT NOT NULL,                    -- in the folder
    outcome TEXT NOT NULL,                 -- scored, known, or the kind of the error
    rest TEXT NOT NULL,                    -- JSON: what else the row says
    PRIMARY KEY (job, number),
    UNIQUE (job, path)
) WITHOUT ROWID;
"""
LAST = "SELECT number FROM web_rows WHERE job = :job ORDER BY number DESC LIMIT 1"
ADD_ROW = f"INSERT OR IGNORE INTO web_rows VALUES (:job, ifnull(({LAST}), -1) + 1, :path, :outcome, :rest)"
Facts = dict[str, Any]


class State:
    """Picks and jobs of the folder that is served, of use to several threads.

    Other servers may use the file at the same time, but for jobs of other folders only: see `served_alone`.
    """

    def __init__(self, path: Path, folder: str) -> None:
        self._path, self._folder = path, folder
        self._lock = threading.RLock()
        self._connection = connect(path)
        with self._naming():
            for statement in TABLES.split(";\n"):
                self._connection.execute(statement)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def picks(self, prefix: str) -> dict[str, Any]:
        """Picks of the photos whose whole path begins so, by the rest of their path."""
        question = "SELECT substr(path, length(:prefix) + 1), pick FROM web_picks WHERE path BETWEEN :prefix AND :end"
        return dict(self._ask(question, {"prefix": prefix, "end": prefix + "\U0010ffff"}))

    def put_picks(self, paths: Iterable[str], pick: str | None) -> None:
        """Saves the pick of each whole path; None takes it back."""
        with self._lock, self._naming(), transaction(self._connection):
            if pick is None:
                self._connection.executemany("DELETE FROM web_picks WHERE path = ?", ((path,) for path in paths))
            else:
                pairs = ((path, pick) for path in paths)
                self._connection.executemany("INSERT OR REPLACE INTO web_picks VALUES (?, ?)", pairs)

    def jobs(self) -> list[Facts]:
        """All jobs, the oldest first."""
        found = self._ask("SELECT facts FROM web_jobs WHERE folder = ? ORDER BY number", (self._folder,))
        return [json.loads(facts) for (facts,) in found]

    def put_job(self, facts: Facts) -> None:
        """Saves a job in place of what was known of it."""
        statement = (
            "INSERT INTO web_jobs (id, folder, facts) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET facts = excluded.facts"
        )
        self._ask(statement, (facts["id"], self._folder, json.dumps(facts)))

    def drop_job(self, job: str) -> None:
        """Forgets a job and its rows."""
        with self._lock, self._naming(), transaction(self._connection):
            for table, column in (("web_rows", "job"), ("web_jobs", "id")):
                self._connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (job,))

    def add_row(self, job: str, row: Row, outcome: str) -> None:
        """Saves a row of a job; one of a path that has a row is not taken."""
        rest = pack(row, {"path": row.path})
        self._ask(ADD_ROW, {"job": job, "path": row.path, "outcome": outcome, "rest": rest})

    def outcomes(self, job: str) -> Counter[str]:
        """How many rows of a job there are by outcome."""
        return Counter(dict(self._ask("SELECT outcome, count(*) FROM web_rows WHERE job = ? GROUP BY 1", (job,))))

    def rows(self, job: str, offset: int, limit: int) -> list[Row]:
        """Rows of a job in the order in which they came."""
        question = "SELECT path, rest FROM web_rows WHERE job = ? AND number >= ? ORDER BY number LIMIT ?"
        return [unpack({"path": path}, rest) for path, rest in self._ask(question, (job, offset, limit))]

    def paths(self, job: str) -> Iterator[str]:
        """Paths of a job's rows."""
        with self._naming(), reader(self._path) as connection:
            for (path,) in connection.execute("SELECT path FROM web_rows WHERE job = ?", (job,)):
                yield path

    def _ask(self, statement: str, values: Any) -> list[Any]:
        with self._lock, self._naming(), closing(self._connection.execute(statement, values)) as found:
            return found.fetchall()

    @contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise StoreError(f"{self._path}: cannot keep picks and jobs: {error}") from error


@contextmanager
def served_alone(store: Path, folder: str) -> Iterator[None]:
    """Context in which no other server keeps jobs of the folder in the store: each would take up the other's.

    Raises:
        StoreError: there is one.
    """
    real = store.resolve()
    path = real.with_name(f"{real.name}-{hashlib.blake2b(folder.encode(), digest_size=6).hexdigest()}.lock")
    try:
        file = open_locked(path)
    except OutputError as error:
        raise StoreError(
            f"{store}: another server serves {folder} with this store; give one of them its own"
        ) from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be locked: {error.strerror}") from error
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no file that is open
            path.unlink()
        release(file)
