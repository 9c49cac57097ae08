"""Rows into the tables, so that no path has both a score and a failure of one scoring."""

import math
import sqlite3

from musiq.errors import StoreError
from musiq.inputs.item import Stamp
from musiq.rows import Row, Scoring
from musiq.store.packed import pack

HASH_BYTES = 16


class Writer:
    """Puts rows, within one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self._scorings = dict[Scoring, int]()  # for this transaction: another process may prune them after it

    def put(self, row: Row, scoring: Scoring, stamp: Stamp | None) -> None:
        """Saves a row in place of an older one.

        Raises:
            StoreError: it has neither score nor error, a score that is not finite, or one without content.
        """
        _check(row)
        number = self._scoring(scoring)
        content = self._point(row, stamp)
        if row.score is None:
            self._put_failure(row, scoring, number, content)
        else:
            self._put_score(row, scoring, number, content)

    def _scoring(self, scoring: Scoring) -> int:
        if scoring not in self._scorings:
            values = (scoring.weights, scoring.preprocess, scoring.precision)
            self._execute("INSERT OR IGNORE INTO scorings (weights, preprocess, precision) VALUES (?, ?, ?)", values)
            question = "SELECT id FROM scorings WHERE weights = ? AND preprocess = ? AND precision = ?"
            self._scorings[scoring] = self._execute(question, values).fetchone()[0]
        return self._scorings[scoring]

    def _point(self, row: Row, stamp: Stamp | None) -> int | None:
        """Makes the path lead to its content; the content's id, of an unchanged file also where the row has none."""
        old = self._execute("SELECT content, bytes, mtime_ns FROM files WHERE path = ?", (row.path,)).fetchone()
        held, *held_stamp = old or (None, None, None)
        facts = [None, None] if stamp is None else [stamp.bytes, stamp.mtime_ns]
        same = stamp is not None and facts == held_stamp
        content = (held if same else None) if row.content is None else self._content(row.content)
        if old != (content, *facts):
            self._execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", (row.path, content, *facts))
            self._drop_failures(row.path, content, same if None in (content, held) else content == held)
        return content

    def _drop_failures(self, path: str, content: int | None, unchanged: bool) -> None:
        """Those of an older file of this path, and those of scorings that have a score of its content."""
        if not unchanged:
            self._execute("DELETE FROM failures WHERE path = ?", (path,))
        scored = "SELECT scoring FROM scores WHERE content = ?"
        self._execute(f"DELETE FROM failures WHERE path = ? AND scoring IN ({scored})", (path, content))

    def _content(self, content: str) -> int:
        digest = _hash(content)
        found = self._execute("SELECT id FROM contents WHERE hash = ?", (digest,)).fetchone()
        if found is not None:
            return found[0]
        return self._execute("INSERT INTO contents (hash) VALUES (?)", (digest,)).lastrowid or 0

    def _put_score(self, row: Row, scoring: Scoring, number: int, content: int | None) -> None:
        rest = pack(row, {"path": row.path, "content": row.content, "score": row.score, **vars(scoring)})
        self._execute(
            "INSERT INTO scores (content, scoring, score, rest) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (content, scoring) DO UPDATE SET score = excluded.score, rest = excluded.rest",
            (content, number, row.score, rest),
        )
        self._execute(
            "DELETE FROM failures WHERE scoring = ? AND path IN (SELECT path FROM files WHERE content = ?)",
            (number, content),
        )

    def _put_failure(self, row: Row, scoring: Scoring, number: int, content: int | None) -> None:
        """Unless the content has a score: then the failure was one of time or memory, and the score stands."""
        scored = "SELECT 1 FROM scores WHERE content = ? AND scoring = ?"
        if self._execute(scored, (content, number)).fetchone() is None:
            reason = (row.error or "").encode("utf-8", "backslashreplace").decode()
            rest = pack(row, {"path": row.path, "kind": row.kind, "error": reason, **vars(scoring)})
            values = (row.path, number, row.kind, reason, rest)
            self._execute("INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?)", values)


def _check(row: Row) -> None:
    if row.score is None and row.error is None:
        raise StoreError(f"{row.path}: a row with neither score nor error cannot be stored")
    if row.score is not None and row.content is None:
        raise StoreError(f"{row.path}: a score without the hash of its content cannot be stored")
    if row.score is not None and not math.isfinite(row.score):
        raise StoreError(f"{row.path}: the score {row.score} is not finite and cannot be stored")


def _hash(content: str) -> bytes:
    try:
        digest = bytes.fromhex(content)
    except ValueError:
        digest = b""
    if len(digest) != HASH_BYTES or digest.hex() != content:
        raise StoreError(f"content {content!r} is not a hash of {HASH_BYTES} bytes, hexadecimal")
    return digest
