"""Where the bytes of the album's photos are. Decoders import this module, so it needs little."""

import os
import stat
from dataclasses import dataclass
from typing import BinaryIO

from musiq.errors import ImageError
from musiq.inputs.item import File, Stamp, check_bytes, checked, unreadable
from musiq.inputs.members import Archive

OUTSIDE = "a link that leads out of the served folder"
_DESCRIPTORS = "/proc/self/fd"  # on Linux, where open files can be asked what they are


def lies_inside(path: str, root: str) -> bool:
    """Whether the real path lies in a folder, whose own real path is `root`."""
    real = os.path.realpath(path)
    return real == root or real.startswith(root.rstrip(os.sep) + os.sep)


@dataclass(frozen=True)
class Inside:
    """A file whose real path must lie in a folder, at each access.

    The open file itself is asked, so that nobody can put a link in its place meanwhile.
    """

    path: str
    root: str

    def fetch(self) -> "Inside":
        return self

    def stamp(self) -> Stamp | None:
        return File(self.path).stamp() if lies_inside(self.path, self.root) else None

    def read(self, limit: int) -> bytes:
        descriptor = self.open()
        with open(descriptor, "rb") as file:
            check_bytes(os.fstat(descriptor).st_size, limit)
            return checked(file.read(limit + 1), limit)

    def open(self) -> int:
        """A descriptor to read from.

        Raises:
            ImageError: it lies elsewhere, is no file, or cannot be opened; does not name it.
        """
        if not lies_inside(self.path, self.root):
            raise ImageError(OUTSIDE, "link")
        try:
            descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise unreadable(error, self.path) from error
        try:
            self._check(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _check(self, descriptor: int) -> None:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ImageError("not a regular file", "not-a-file")
        if os.path.isdir(_DESCRIPTORS) and not lies_inside(f"{_DESCRIPTORS}/{descriptor}", self.root):  # noqa: PTH112
            raise ImageError(OUTSIDE, "link")


@dataclass(frozen=True)
class InsideArchive(Archive):
    """An archive that must lie in the folder, and be the same file, each time it is opened.

    Attributes:
        source: where it is.
        identity: its device and number there.
    """

    source: Inside
    identity: tuple[int, int]

    @classmethod
    def at(cls, source: Inside) -> "InsideArchive":
        """The archive that is there now.

        Raises:
            ImageError: as `Inside.open`.
        """
        with open(source.open(), "rb") as file:
            return cls(source.path, source, _identity(file))

    def open(self) -> BinaryIO:
        file: BinaryIO = os.fdopen(self.source.open(), "rb")
        if _identity(file) != self.identity:
            file.close()
            raise ImageError("its archive was replaced meanwhile", "input")
        return file


def _identity(file: BinaryIO) -> tuple[int, int]:
    facts = os.fstat(file.fileno())
    return facts.st_dev, facts.st_ino


@dataclass(frozen=True)
class Sent(File):
    """A file that was sent. It has no stamp: only its content tells it from others of its name."""

    def stamp(self) -> None:
        return None
