"""A clip: the frame that it shows at a time, by decoding up to it or from a key frame further on."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from musiq.errors import ImageError
from musiq.video.clock import Clock
from musiq.video.opening import container_kind, header_s, open_video
from musiq.video.pixels import display_matrix
from musiq.video.reader import Reader

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

INDEXED = ("mov", "matroska")  # they list their key frames by time
ROUNDED_S = 0.0005  # that a time may be late: Matroska rounds to milliseconds
SKIPPED_FRAMES = 16  # to pass over at least; about as many are decoded in the time that a seek takes


class Shown(NamedTuple):
    """A decoded frame, and the tick from which on it is shown."""

    tick: int
    picture: "VideoFrame"


class Clip:
    """One video stream. It is asked for frames at times that never go back.

    Attributes:
        duration_s: by the header; 0 where that is not known.
        counted: its frames bear no times, and are counted at its frame rate.
        aspect: width of a pixel by its height.
        matrix: how pictures are turned, see `musiq.video.pixels.display_matrix`.
        reader: knows what is damaged.
    """

    def __init__(self, container: "InputContainer", stream: "VideoStream") -> None:
        self._stream = stream
        self.aspect = stream.sample_aspect_ratio or Fraction(1)
        self.reader, self._clock = Reader(container, stream), Clock(container, stream)
        self._seeks = container_kind(container) in INDEXED
        if container_kind(container) == "matroska":
            self.reader.seek(0)  # the first seek reads its list of key frames
        self._frames = self._decode()
        self._shown: Shown | None = None
        self._ahead = next(self._frames, None)
        if self._ahead is None:
            raise self.reader.nothing()
        self._origin, self.counted = self._ahead.tick, self._clock.counted
        self.matrix = display_matrix(self._ahead.picture)
        self.duration_s = 0.0 if self.counted else header_s(container, stream)

    def tick(self, time_s: float) -> int:
        """The tick at a time after the first frame."""
        return self._origin + math.floor((time_s + ROUNDED_S) / float(self._clock.tick_s))

    def seconds(self, shown: Shown) -> float:
        """From when on a frame is shown, after the first one."""
        return float((shown.tick - self._origin) * self._clock.tick_s)

    @property
    def next_s(self) -> float | None:
        """When the frame after the one that `at` gave is shown; None after the last one."""
        return None if self._ahead is None else self.seconds(self._ahead)

    def at(self, tick: int) -> Shown | None:
        """The frame that is shown at `tick`: the last one not after it. None where the clip is over."""
        if self._seeks and self._clock.regular:
            self._skip(tick)
        while self._ahead is not None and self._ahead.tick <= tick:
            self._shown, self._ahead = self._ahead, next(self._frames, None)
        over = self._ahead is None and tick >= max(self._clock.next_tick, self.tick(self.duration_s))
        return None if over else self._shown

    def close(self) -> None:
        """Lets go of the frames: clip and decoding refer to each other, and would wait for garbage collection."""
        self._frames, self._shown, self._ahead = iter(()), None, None

    def _skip(self, tick: int) -> None:
        """Goes to the last key frame before `tick`, if that saves enough decoding.

        Where that one is cut off, or shown after `tick` against expectation, the one before it is tried, and so on.
        """
        key, ahead = self._key_before(tick - self._delay()), self._ahead
        if ahead is None or key is None or key - ahead.tick < SKIPPED_FRAMES * self._clock.step:
            return
        while key is not None:
            self._ahead = self._begin_at(key, any_frame=key <= ahead.tick)
            if self._ahead is not None and self._ahead.tick <= tick:
                self._seeks = key > ahead.tick  # or else it does not pay
                return
            key = self._key_before(key - 1)

    def _begin_at(self, key: int, any_frame: bool) -> Shown | None:
        """The first key frame from there on. Frames that are shown before it may lack what they refer to."""
        import av

        try:
            self.reader.seek(key)
        except av.FFmpegError:
            return None
        self._clock.restart()
        self._frames = self._decode()
        return next((shown for shown in self._frames if any_frame or shown.picture.key_frame), None)

    def _key_before(self, tick: int) -> int | None:
        index = self._stream.index_entries
        found = index.search_timestamp(tick)
        return index[found].timestamp if found >= 0 else None

    def _delay(self) -> int:
        """Ticks from where a key frame is listed to where it is shown: MP4 lists when it is decoded."""
        first = next((entry.timestamp for entry in self._stream.index_entries), self._origin)
        return min(max(0, self._origin - first), SKIPPED_FRAMES * self._clock.step)

    def _decode(self) -> Iterator[Shown]:
        for picture in self.reader.frames():
            yield Shown(self._clock.tick(picture), picture)


@contextmanager
def open_clip(path: Path, max_pixels: int | None) -> Iterator[Clip]:
    """A clip, ready at its first frame.

    Args:
        max_pixels: largest width * height accepted, None for no limit; checked before anything is decoded.

    Raises:
        ImageError: it cannot be read, or is larger than the limit; does not name the file.
        MissingExtraError: PyAV is not installed.
    """
    with open_video(path) as (container, stream):
        width, height = stream.width, stream.height
        if max_pixels is not None and width * height > max_pixels:
            raise ImageError(f"{width} x {height} pixels exceed the limit of {max_pixels:,}", "too-large")
        clip = Clip(container, stream)
        try:
            yield clip
        finally:
            clip.close()
