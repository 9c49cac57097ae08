"""Scores by content: how a file's bytes look decides, not where it lies or how it is named."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from musiq.errors import StoreError
from musiq.inputs.item import Stamp
from musiq.rows import Row, Scoring
from musiq.store.packed import unpack
from musiq.store.schema import SCORING, connect, reader, transaction
from musiq.store.writer import Writer

FIND = f"""
SELECT score, rest FROM contents CROSS JOIN scores ON scores.content = contents.id
WHERE hash = :hash AND scoring = {SCORING}
"""
KNOWN = f"""
SELECT hash, score, rest FROM files CROSS JOIN scores USING (content) CROSS JOIN contents ON contents.id = content
WHERE path = :path AND files.bytes = :bytes AND mtime_ns = :mtime_ns AND scoring = {SCORING}
"""
FAILED = f"""
SELECT kind, reason, rest FROM files CROSS JOIN failures USING (path)
WHERE path = :path AND files.bytes = :bytes AND mtime_ns = :mtime_ns AND scoring = {SCORING}
"""


class Store:
    """An open store, of use to several threads and beside other processes; a context that closes itself.

    A score belongs to the bytes of an image, so copies and renamed files share it; a failure belongs to a path. Of one
    scoring a path has either: a score of its content takes its failure away, and stands when a later try fails.

    Args:
        path: of the file, on a disk of this machine.
        create: make the file if it is not there.

    Raises:
        StoreError: it is no store, or of another version.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = Path(path)
        self._lock = threading.RLock()
        self._connection = connect(self.path, create)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def put(self, row: Row, scoring: Scoring, stamp: Stamp | None) -> None:
        """Saves the row of a path; see `put_many`."""
        self.put_many([(row, scoring, stamp)])

    def put_many(self, rows: Iterable[tuple[Row, Scoring, Stamp | None]]) -> None:
        """Saves rows together, all or none; each replaces the older one of its content or, without score, of its path.

        Args:
            rows: each with the scoring of its run and the stamp of its file, None for what has none. Other writers wait
                until the last one is taken.

        Raises:
            StoreError: a row has neither score nor error, a score but no content, or the file cannot be written.
        """
        with self._lock, self._naming("written"), transaction(self._connection):
            writer = Writer(self._connection)
            for row, scoring, stamp in rows:
                writer.put(row, scoring, stamp)

    def known(self, path: str, stamp: Stamp | None, scoring: Scoring) -> Row | None:
        """The row, score or failure, of a file that is unchanged by its stamp; None if it is new or changed."""
        if stamp is None:
            return None
        values = {"path": path, **vars(stamp), **vars(scoring)}
        if found := self._first(KNOWN, values):
            return score_row(path, scoring, *found)
        found = self._first(FAILED, values)
        return failure_row(path, scoring, *found) if found else None

    def find(self, content: str, scoring: Scoring) -> Row | None:
        """The row of a content's score, with an empty path; None if there is no score."""
        digest = bytes.fromhex(content)
        found = self._first(FIND, {"hash": digest, **vars(scoring)})
        return score_row("", scoring, digest, *found) if found else None

    def read(self, question: str, values: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """What a SELECT finds, one at a time and all as of one moment; writers go on meanwhile."""
        with self._naming("read"), reader(self.path) as connection:
            yield from connection.execute(question, values or {})

    def _first(self, question: str, values: Mapping[str, Any]) -> Any:
        with self._lock, self._naming("read"):
            return self._connection.execute(question, values).fetchone()

    @contextmanager
    def _naming(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise StoreError(f"{self.path}: cannot be {doing}: {error}") from error


def score_row(path: str, scoring: Scoring, content: bytes, score: float, rest: str) -> Row:
    return unpack({"path": path, "content": content.hex(), "score": score, **vars(scoring)}, rest)


def failure_row(path: str, scoring: Scoring, kind: str | None, reason: str, rest: str) -> Row:
    return unpack({"path": path, "kind": kind, "error": reason, **vars(scoring)}, rest)
