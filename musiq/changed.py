"""Whether a file is still the one that a row was made of."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from musiq.inputs.item import File
from musiq.progress import printable
from musiq.rows import Row

NAMED = 3  # of many


@dataclass
class Names:
    """How many names there were, and the first of them."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        self.count += 1
        if len(self.first) < NAMED:
            self.first.append(name)

    def __str__(self) -> str:
        return ", ".join(self._parts())

    def _parts(self) -> Iterator[str]:
        yield from map(printable, self.first)
        if self.count > len(self.first):
            yield f"and {self.count - len(self.first):,} more"


def has_changed(path: str, row: Row) -> bool:
    """Whether the file has other bytes than the row tells of: by its size, and if it was modified after the row's time
    by the hash of its content. A file that cannot be looked at, and what is no file, has not.

    Args:
        path: of the file, as the file system has it.
        row: of which `bytes`, `content` and `time` are asked; without `bytes` or `time` these tell of no change, and a
            file that failed before it was hashed has changed with its time.
    """
    stamp = File(path).stamp()
    if stamp is None:
        return False
    if row.bytes is not None and stamp.bytes != row.bytes:
        return True
    scored_s = _seconds(row.time)
    return scored_s is not None and stamp.mtime_ns >= scored_s * 10**9 and row.content != _content(path)


def _seconds(time: str | None) -> float | None:
    try:
        return None if time is None else datetime.fromisoformat(time).timestamp()
    except ValueError:
        return None


def _content(path: str) -> str | None:
    """As the column `content`; None for what cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError:
        return None
