"""Photos as they are, where browsers show their format."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from musiq.inputs.item import Stamp, check_bytes, unreadable
from musiq.web.sources import Inside, Sent

_HEAD = 32  # bytes that tell the format
_CHUNK = 1 << 18


@dataclass(frozen=True)
class Original:
    """An open file.

    Attributes:
        stamp: of it.
        media_type: `image/jpeg` and the like; None for what browsers do not show.
    """

    file: BinaryIO
    stamp: Stamp
    media_type: str | None

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, as many as there were when it was opened; then it is closed."""
        with self.file:
            left = self.stamp.bytes
            while left and (chunk := self.file.read(min(_CHUNK, left))):
                left -= len(chunk)
                yield chunk


def open_original(source: Inside | Sent) -> Original:
    """The file of a photo.

    Raises:
        ImageError: it cannot be read; does not name it.
    """
    try:
        file = open(source.open() if isinstance(source, Inside) else source.path, "rb")  # noqa: SIM115  chunks() closes it
    except OSError as error:
        raise unreadable(error, source.path) from error
    try:
        facts, head = os.fstat(file.fileno()), file.read(_HEAD)
        check_bytes(facts.st_size, facts.st_size)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return Original(file, Stamp(facts.st_size, facts.st_mtime_ns), media_type(head))


def media_type(head: bytes) -> str | None:
    """What browsers show, by its first bytes."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    brands = (head[8:12], *(head[at : at + 4] for at in range(16, len(head), 4)))
    return "image/avif" if head[4:8] == b"ftyp" and {b"avif", b"avis"} & set(brands) else None
