"""Files of a request: on disk while they wait, in memory only while they are in work."""

from typing import IO

from musiq.errors import ImageError
from musiq.inputs.item import Held, Stamp, Unreadable, check_bytes

MEMORY = 1 << 20  # bytes of a file that are held; of a larger one none
LONGEST_NAME = 4096


class Spooled:
    """The bytes of a file that was sent.

    Args:
        file: open as long as somebody waits for its score.
        limit: in bytes.
    """

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self._file, self._limit = file, limit

    def fetch(self) -> Held | Unreadable:
        size = self._file.seek(0, 2)
        try:
            check_bytes(size, self._limit)
        except ImageError as error:
            return Unreadable(str(error), error.kind)
        self._file.seek(0)
        return Held(self._file.read())

    def stamp(self) -> Stamp | None:
        return None

    def read(self, limit: int) -> bytes:
        return self.fetch().read(limit)


def given_name(name: str | None) -> str:
    """The name that came with a file, as valid text."""
    return (name or "photo").encode("utf-8", "backslashreplace").decode()[:LONGEST_NAME]


def header_text(value: str | None) -> str | None:
    """A header that was sent in UTF-8, or else in Latin-1 as HTTP has it."""
    try:
        return None if value is None else value.encode("latin-1").decode()
    except UnicodeError:
        return value
