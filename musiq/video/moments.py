"""Times at which a clip is looked at."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Moments:
    """`count` times, or infinitely many, from `first_s` on and `step_s` apart, in seconds after the first frame."""

    first_s: float
    step_s: float
    count: float

    def time_s(self, index: int) -> float:
        """The time at an index."""
        return self.first_s + index * self.step_s

    def index(self, time_s: float) -> int:
        """The index of the last time not after `time_s`."""
        return math.floor((time_s - self.first_s) / self.step_s)

    def before(self, end_s: float) -> int:
        """How many lie before `end_s`, and at least 1."""
        return max(1, int(min(self.count, math.ceil((end_s - self.first_s) / self.step_s))))


def check_sampling(every_s: float, count: int | None, max_frames: int | None) -> None:
    """Refuses what `choose_moments` cannot take.

    Raises:
        ValueError: one of them is not above 0.
    """
    if not 0 < every_s < math.inf:
        raise ValueError(f"the time between frames must be above 0 s, got {every_s:g}")
    for number in (count, max_frames):
        if number is not None and number < 1:
            raise ValueError(f"the number of frames must be at least 1, got {number}")


def choose_moments(duration_s: float, every_s: float, count: int | None, max_frames: int | None) -> Moments:
    """The times for a clip of this length.

    Args:
        every_s: 0, `every_s`, 2 * `every_s`...
        count: not these, but so many spread evenly: the middles of `count` equal parts.
        max_frames: at most; where there would be more, so many are spread evenly.
    """
    limit = math.inf if max_frames is None else max_frames
    if count is None and duration_s / every_s <= limit:
        return Moments(0.0, every_s, limit)
    number = limit if count is None else min(count, limit)
    step_s = max(duration_s / number, 1e-6)
    return Moments(step_s / 2, step_s, number)
