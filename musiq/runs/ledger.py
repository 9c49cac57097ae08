"""Which images a run has had, in memory that does not grow with their number."""

import hashlib
import sqlite3

from musiq.rows import Row

CACHE_KB = 4096


class Ledger:
    """Names, kept as digests in a temporary file that nobody else sees, and what earlier rows say of their files."""

    def __init__(self) -> None:
        self._names = sqlite3.connect("", isolation_level=None)  # "" is a file without a name, gone when it is closed
        for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KB}"):
            self._names.execute(f"PRAGMA {setting}")
        self._names.execute(
            "CREATE TABLE names (digest BLOB PRIMARY KEY, bytes, content, time, kind, earlier) WITHOUT ROWID"
        )

    def add(self, name: str) -> bool:
        """Adds a name; whether it is new."""
        return self._insert(name)

    def add_row(self, row: Row) -> None:
        """Adds the name of a row of an earlier run."""
        self._insert(row.path, row.bytes, row.content, row.time, row.kind, True)

    def find_row(self, name: str) -> Row | None:
        """What is known of an earlier run's row: bytes, content, time and kind; None if the name is of this run."""
        facts = self._names.execute(
            "SELECT bytes, content, time, kind FROM names WHERE digest = ? AND earlier", (_digest(name),)
        ).fetchone()
        if facts is None:
            return None
        size, content, time, kind = facts
        return Row(name, bytes=size, content=content, time=time, kind=kind)

    def _insert(self, name: str, *facts: object) -> bool:
        values = (_digest(name), *(facts or (None, None, None, None, False)))
        return self._names.execute("INSERT OR IGNORE INTO names VALUES (?, ?, ?, ?, ?, ?)", values).rowcount == 1

    def close(self) -> None:
        self._names.close()


def _digest(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=16).digest()
