"""When the frames of a stream are shown: their times, or what has to stand for them."""

import math
from typing import TYPE_CHECKING

from musiq.video.opening import container_kind, frame_rate

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

JUMP_S = 1.0  # back, from which on a clip begins anew; less is disorder


class Clock:
    """Gives each frame a tick later than that of the last one.

    Attributes:
        tick_s: seconds in a tick.
        step: ticks that a frame lasts at the stream's rate.
        next_tick: when the last frame ends.
        counted: frames bore no times.
        regular: no time was missing or went back.
    """

    def __init__(self, container: "InputContainer", stream: "VideoStream") -> None:
        self.tick_s = stream.time_base or 1 / frame_rate(stream)
        self.step = max(1, round(1 / (frame_rate(stream) * self.tick_s)))
        self.counted, self.regular, self._shift = False, True, 0
        self._of_decoding = container_kind(container) == "avi"  # it has no others; they rise with the frames shown
        self.restart()

    def restart(self) -> None:
        """Forgets the last frame: the next may be anywhere."""
        self._last: float = -math.inf
        self.next_tick = 0

    def tick(self, picture: "VideoFrame") -> int:
        """When a frame is shown."""
        time = picture.dts if self._of_decoding else picture.pts
        if time is None:
            tick, self.counted, self.regular = self.next_tick, True, False
        else:
            tick = self._later(time + self._shift)
        self._last, self.next_tick = tick, tick + max(1, picture.duration or self.step)
        return tick

    def _later(self, tick: int) -> int:
        if tick > self._last:
            return tick
        self.regular = False
        if (self._last - tick) * float(self.tick_s) > JUMP_S:
            self._shift += self.next_tick - tick
            return self.next_tick
        return int(self._last) + 1
