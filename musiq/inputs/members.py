"""What the archives have in common: which members are images, what they are called, and reading them in passing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from musiq.errors import ImageError
from musiq.inputs.addresses import open_bytes
from musiq.inputs.faults import as_unreadable
from musiq.inputs.folder import is_image
from musiq.inputs.item import Held, Unreadable, portable

FETCH_BYTES = 2_000_000_000  # that a member may hold which is read before it is scored


def is_photo(member: str) -> bool:
    """Whether a member's name says that it is an image; what macOS adds to archives has such names too and is none."""
    *folders, name = member.split("/")
    return is_image(name) and not name.startswith("._") and "__MACOSX" not in folders


@dataclass(frozen=True)
class Archive:
    """An archive at a path or an address; who trusts no path has one of another kind."""

    name: str

    def open(self) -> BinaryIO:
        """Its bytes, to go through them."""
        return open_bytes(self.name)

    def unpacked(self, file: BinaryIO) -> BinaryIO:
        """What its unpacked bytes are read from."""
        return file

    def for_members(self) -> "Archive":
        """What its members are read from later, by another process."""
        return self


class Names:
    """Names of an archive's members, `archive.tar!a.jpg`; a second `a.jpg` is called `archive.tar!a.jpg#2`.

    It remembers a hash for each member, and names only where they stand twice.
    """

    def __init__(self, archive: str) -> None:
        self._archive = archive
        self._hashes = set[int]()
        self._counts = dict[str, int]()

    def __call__(self, member: str) -> str:
        name = member = member.replace("\0", "\\0")
        while hash(name) in self._hashes:
            count = self._counts[member] = self._counts.get(member, 1) + 1
            name = f"{member}#{count}"
        self._hashes.add(hash(name))
        return portable(f"{self._archive}!{name}")


class Streamed:
    """A member that can be read only until the next one is asked for, and once.

    Args:
        size: in bytes, as the archive says.
        read: returns the bytes.
    """

    def __init__(self, size: int, read: Callable[[], bytes]) -> None:
        self.size, self._read = size, read
        self._passed = False

    def fetch(self) -> Held | Unreadable:
        if self._passed:
            raise RuntimeError("a member of an archive that is read as a stream was fetched too late, or twice")
        if self.size > FETCH_BYTES:
            reason = f"{self.size:,} bytes exceed the limit of {FETCH_BYTES:,} for members that are read in passing"
            return Unreadable(reason, "too-large")
        self._passed = True
        try:
            return Held(self._read())
        except Exception as error:  # readers of hostile files raise nearly anything
            return as_unreadable(error)

    def stamp(self) -> None:
        return None

    def read(self, limit: int) -> bytes:
        return self.fetch().read(limit)

    @contextmanager
    def current(self) -> "Iterator[Streamed]":
        """The source while it can be fetched."""
        try:
            yield self
        finally:
            self._passed = True


def whole(content: bytes, size: int) -> bytes:
    """The bytes of a member, if they are all there."""
    if len(content) < size:
        raise ImageError(f"its archive ends after {len(content):,} of its {size:,} bytes", "input")
    return content
