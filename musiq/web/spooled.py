"""Files of a request: on disk while they wait, in memory only while they are in work."""

import errno
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import IO, BinaryIO, cast

from anyio import to_thread
from starlette.datastructures import UploadFile

from musiq.errors import ImageError
from musiq.inputs.item import Held, Stamp, Unreadable, check_bytes
from musiq.web.guard.errors import QueueFull, Refusal

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


@asynccontextmanager
async def spooled(chunks: AsyncIterator[bytes]) -> AsyncIterator[IO[bytes]]:
    """Context in which a body is a file; a thread writes it to the disk.

    Raises:
        Refusal: it cannot be kept.
    """
    file = cast(BinaryIO, tempfile.SpooledTemporaryFile(MEMORY))  # noqa: SIM115 - closed below, whatever that raises
    try:
        await _write(chunks, UploadFile(file, size=0))
        yield file
    finally:
        with suppress(OSError):  # of what did not find room before
            file.close()


async def _write(chunks: AsyncIterator[bytes], file: UploadFile) -> None:
    try:
        async for chunk in chunks:
            await file.write(chunk)
        await to_thread.run_sync(file.file.flush)
    except OSError as error:
        raise not_kept(error) from error


def not_kept(error: OSError) -> Refusal:
    """What a client is told whose files do not lie on the disk."""
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return QueueFull("too many files are open; ask again in a second")
    return Refusal(507, "too-large", f"what was sent cannot be kept: {error.strerror}")


def given_name(name: str | None) -> str:
    """The name that came with a file, as valid text."""
    return (name or "photo").encode("utf-8", "backslashreplace").decode()[:LONGEST_NAME]


def header_text(value: str | None) -> str | None:
    """A header that was sent in UTF-8, or else in Latin-1 as HTTP has it."""
    try:
        return None if value is None else value.encode("latin-1").decode()
    except UnicodeError:
        return value
