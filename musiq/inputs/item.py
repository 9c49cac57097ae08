"""One image that a run shall score: what its row calls it, and how its bytes are read."""

import errno
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from musiq.errors import ImageError, Kind

_ESCAPED = re.compile(rb"\\\\|\\x([89a-f][0-9a-f])")  # by `portable`


@dataclass(frozen=True)
class Stamp:
    """What tells a changed file without reading it: its size in bytes and its modification time."""

    bytes: int
    mtime_ns: int


class Source(Protocol):
    """Where the bytes of one image are. Small, and picklable once it is fetched: it is read by another process."""

    def fetch(self) -> "Source":
        """What another process can read: mostly itself. Called before the next item is asked for, or not at all."""
        ...

    def stamp(self) -> Stamp | None:
        """The file's stamp; None for what is no file of its own, or cannot be asked."""
        ...

    def read(self, limit: int) -> bytes:
        """All bytes.

        Raises:
            ImageError: there are more than `limit`, none, or they cannot be read; does not name the image.
        """
        ...


@dataclass(frozen=True)
class Item:
    """One image.

    Attributes:
        name: of its row: the path as it was named, `archive.tar!member`, `table.parquet!12` or an address; see
            `portable`.
        source: of its bytes.
    """

    name: str
    source: Source


def portable(path: str) -> str:
    r"""A path as text in UTF-8: bytes of no character are written as `\xe9`, and then backslashes twice."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path.replace("\\", "\\\\")).decode("utf-8", "backslashreplace")
    return path


def real_path(name: str) -> str:
    r"""The path that `portable` wrote as `name`.

    Two paths may share a name: that of valid UTF-8 with a backslash, an x and two digits in it, and the one where these
    stand for a byte. The first is meant where there is such a file.
    """
    if "\\x" not in name or os.path.lexists(name):
        return name
    path = os.fsdecode(_ESCAPED.sub(_unescaped, name.encode()))
    return path if portable(path) == name else name


def _unescaped(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match[1].decode()) if match[1] else b"\\"


@dataclass(frozen=True)
class File:
    """A file of its own."""

    path: str

    def fetch(self) -> "File":
        return self

    def stamp(self) -> Stamp | None:
        try:
            facts = Path(self.path).stat()
        except OSError:
            return None
        return Stamp(facts.st_size, facts.st_mtime_ns) if stat.S_ISREG(facts.st_mode) else None

    def read(self, limit: int) -> bytes:
        try:
            facts = Path(self.path).stat()
            if not stat.S_ISREG(facts.st_mode):
                raise ImageError("not a regular file", "not-a-file")
            check_bytes(facts.st_size, limit)
            with open(self.path, "rb") as file:
                return checked(file.read(limit + 1), limit)
        except OSError as error:
            raise unreadable(error, self.path) from error


@dataclass(frozen=True)
class Held:
    """Bytes in memory."""

    content: bytes

    def fetch(self) -> "Held":
        return self

    def stamp(self) -> None:
        return None

    def read(self, limit: int) -> bytes:
        return checked(self.content, limit)


@dataclass(frozen=True)
class Unreadable:
    """What was found where an image should be."""

    reason: str
    kind: Kind

    def fetch(self) -> "Unreadable":
        return self

    def stamp(self) -> None:
        return None

    def read(self, limit: int) -> bytes:
        raise ImageError(self.reason, self.kind)


def check_bytes(size: int, limit: int) -> None:
    """Refuses an image of no bytes, or of more than `limit`."""
    if size == 0:
        raise ImageError("empty file (0 bytes)", "empty")
    if size > limit:
        raise ImageError(f"{size:,} bytes exceed the limit of {limit:,}", "too-large")


def checked(content: bytes, limit: int) -> bytes:
    """The bytes, if there are some and no more than `limit`."""
    check_bytes(len(content), limit)
    return content


def unreadable(error: OSError, path: str) -> ImageError:
    """Why a file cannot be read."""
    if isinstance(error, FileNotFoundError):
        if Path(path).is_symlink():
            return ImageError("a link that leads nowhere", "link")
        return ImageError("no such file", "missing")
    if isinstance(error, PermissionError):
        return ImageError("permission denied", "permission")
    if error.errno == errno.ELOOP:
        return ImageError("symbolic links that lead in a circle", "link")
    return ImageError(error.strerror or str(error), "damaged")
