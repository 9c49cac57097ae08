"""Which images a run has had, in memory that does not grow with their number."""

import hashlib
import sqlite3

CACHE_KB = 4096


class Ledger:
    """Names, kept as digests in a temporary file that nobody else sees."""

    def __init__(self) -> None:
        self._names = sqlite3.connect("", isolation_level=None)  # "" is a file without a name, gone when it is closed
        for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KB}"):
            self._names.execute(f"PRAGMA {setting}")
        self._names.execute("CREATE TABLE names (digest BLOB PRIMARY KEY) WITHOUT ROWID")

    def add(self, name: str) -> bool:
        """Adds a name; whether it is new."""
        digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
        return self._names.execute("INSERT OR IGNORE INTO names VALUES (?)", (digest,)).rowcount == 1

    def close(self) -> None:
        self._names.close()
