"""The process that reads and decodes files, one after another; `decoder.py` is at the other end of its pipes.

Sent an `Item` it reads the bytes, keeps them and answers with their hash and number; asked to `Decode` it tells height
and width, waits for leave, and answers with the image; asked to `Shrink` it answers with a `Preview`. Whatever is wrong
with a file is an answer, too.
"""

import hashlib
import io
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from musiq.decode.channel import Channel
from musiq.decode.limits import Limits
from musiq.errors import ImageError
from musiq.image import DecodedImage, load_image
from musiq.inputs.item import Item
from musiq.taken import time_taken

DRAFT = 2  # a preview is made of at least so many times its pixels a side, so that it is sharp
PREVIEW_QUALITY = 85
GRACE_S = 5.0  # after the limit this process ends itself, if its parent did not


@dataclass(frozen=True)
class Opened:
    """An encoded image that was read.

    Attributes:
        content: BLAKE2b-128 of the bytes, hexadecimal.
        bytes: their number.
    """

    content: str
    bytes: int


class Decode:
    """The request to decode what was opened last."""


@dataclass(frozen=True)
class Shrink:
    """The request for a preview of what was opened last.

    Attributes:
        longest_px: its longer side at most; a smaller image stays as it is.
    """

    longest_px: int


@dataclass(frozen=True)
class Preview:
    """An image made smaller, as browsers can show it.

    Attributes:
        jpeg: the encoded picture, upright and in sRGB.
        width, height: of it, in px.
        taken: seconds on the camera's clock; None where the file does not say.
    """

    jpeg: bytes
    width: int
    height: int
    taken: float | None


class _Named(io.BytesIO):
    """Bytes whose messages name the image."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def serve(channel: Channel, limits: Limits) -> None:
    """Answers requests until the other end is gone."""
    opened = _Named(b"", "")
    with suppress(EOFError, BrokenPipeError):
        while True:
            request = channel.receive()
            _limit_time(limits.seconds + GRACE_S)
            try:
                if isinstance(request, Item):
                    opened = _Named(_read(request, limits), request.name)
                    channel.send(_describe(opened))
                elif isinstance(request, Shrink):
                    channel.send(_shrink(opened, request.longest_px, limits))
                else:
                    channel.send(_decode(opened, channel, limits))
                    opened = _Named(b"", "")  # the next image needs the memory
            except ImageError as error:
                channel.send(error)
            _limit_time(0)


def _read(item: Item, limits: Limits) -> bytes:
    try:
        return item.source.read(limits.file_bytes)
    except ImageError as error:
        raise ImageError(f"{item.name}: {error}", error.kind) from error
    except MemoryError as error:
        raise ImageError(f"{item.name}: not enough memory to read it", "memory") from error
    except Exception as error:  # whatever archives and object stores raise
        raise ImageError(f"{item.name}: {type(error).__name__}: {error}", "input") from error


def _describe(opened: _Named) -> Opened:
    content = opened.getbuffer()
    return Opened(hashlib.blake2b(content, digest_size=16).hexdigest(), len(content))


def _decode(opened: _Named, channel: Channel, limits: Limits) -> DecodedImage:
    def ask(height: int, width: int) -> None:
        channel.send((height, width))
        _limit_time(0)  # others may hold the memory that this image waits for
        channel.receive()
        _limit_time(limits.seconds + GRACE_S)

    return load_image(opened, background=limits.background, max_pixels=limits.max_pixels, admit=ask)


def _shrink(opened: _Named, longest_px: int, limits: Limits) -> Preview:
    taken = time_taken(opened.getvalue())
    decoded = load_image(
        opened, background=limits.background, max_pixels=limits.max_pixels, least_px=DRAFT * longest_px
    )
    image, encoded = Image.fromarray(decoded.pixels), io.BytesIO()
    image.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    image.save(encoded, "JPEG", quality=PREVIEW_QUALITY)
    return Preview(encoded.getvalue(), image.width, image.height, taken)


def _limit_time(seconds: float) -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)  # its signal ends the process


def _limit_memory(size: int) -> None:
    with suppress(ImportError, OSError, ValueError):  # a system without such limits
        import resource

        now = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (now + size, now + size))


def _end_first() -> None:
    """Where memory ends, the kernel ends this process, which costs an image, before that which it serves."""
    with suppress(OSError):  # a system without it
        Path("/proc/self/oom_score_adj").write_text("1000")


def _take_pipes() -> Channel:
    """The pipes on stdin and stdout; what libraries print there goes nowhere."""
    reader, writer = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    return Channel(reader, writer)


def main() -> None:
    """Entry point of the process; its limits are the first message."""
    _end_first()
    channel = _take_pipes()
    with suppress(EOFError):
        limits = channel.receive()
        _limit_memory(limits.memory)
        serve(channel, limits)
