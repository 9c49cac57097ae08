"""A path -> its container and video stream, and what they tell.

The decoder gets an open file and may open nothing else: a playlist that is named like a clip leads nowhere.
"""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from musiq.errors import ImageError, MissingExtraError
from musiq.inputs.item import unreadable

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

ANY_RATE = Fraction(25)  # of a stream that does not tell


@contextmanager
def open_video(path: Path) -> Iterator[tuple["InputContainer", "VideoStream"]]:
    """The container of a file, and its video stream: FFmpeg's choice where there are several.

    Raises:
        ImageError: it is no video that can be read; does not name the file.
        MissingExtraError: PyAV is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise MissingExtraError("reading video", "video") from error
    with _open_file(path) as file:
        try:
            container = av.open(file, "r", options={"protocol_whitelist": "none"})
        except av.FFmpegError as error:
            raise _unopened(file) from error
        with container:
            yield container, _video_stream(container)


def _open_file(path: Path) -> BinaryIO:
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise ImageError("not a regular file", "not-a-file")
        if facts.st_size == 0:
            raise ImageError("empty file (0 bytes)", "empty")
        return open(path, "rb")
    except OSError as error:
        raise unreadable(error, str(path)) from error


def _unopened(file: BinaryIO) -> ImageError:
    file.seek(0)
    head = file.read(12)
    if head[4:8] == b"ftyp" or head[:4] in (b"\x1a\x45\xdf\xa3", b"FLV\x01") or head[8:] == b"AVI ":
        return ImageError("a video that cannot be opened; it may be cut off", "damaged")
    return ImageError("not a video, or of a format that is not supported here", "not-an-image")


def _video_stream(container: "InputContainer") -> "VideoStream":
    from av.stream import Disposition
    from av.video.stream import VideoStream

    if container.format.name == "tty":
        raise ImageError("a text and not a video", "not-an-image")
    if not len(container.streams):
        raise ImageError("a video in which nothing can be found; it may be cut off", "damaged")
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream) or stream.disposition & Disposition.attached_pic:
        raise ImageError("no video stream", "not-an-image")
    if stream.codec_context is None:
        raise ImageError("no decoder for its video stream", "not-an-image")
    stream.thread_type = "AUTO"  # several frames at a time, where the codec allows it
    return stream


def container_kind(container: "InputContainer") -> str:
    """FFmpeg's first name for the format: `mov` (MP4 too), `matroska` (WebM too), `avi`, `mpegts`..."""
    return container.format.name.split(",")[0]


def frame_rate(stream: "VideoStream") -> Fraction:
    """Frames a second, as far as the stream tells."""
    return stream.average_rate or stream.guessed_rate or ANY_RATE


def header_s(container: "InputContainer", stream: "VideoStream") -> float:
    """The duration in seconds by the header; 0 where it does not tell."""
    if stream.duration and stream.time_base:
        return max(0.0, float(stream.duration * stream.time_base))
    return max(0.0, (container.duration or 0) / 1e6)


def measured_s(path: Path, *, counted: bool) -> float:
    """The duration in seconds, from reading the file to its end without decoding.

    Args:
        counted: by the number of frames and their rate, and not by their times.
    """
    import av

    first, last, count = None, Fraction(0), 0
    with open_video(path) as (container, stream):
        try:
            for packet in container.demux(stream):
                count += packet.size > 0
                if packet.pts is not None:
                    begin = packet.pts * packet.time_base
                    first = begin if first is None else min(first, begin)
                    last = max(last, begin + (packet.duration or 0) * packet.time_base)
        except av.FFmpegError:
            pass  # as far as it goes
        by_count = count / frame_rate(stream)
    return float(by_count if counted or first is None else last - first)
