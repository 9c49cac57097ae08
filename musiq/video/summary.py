"""What the scores of a clip's frames say."""

from array import array

import numpy as np

from musiq.errors import ImageError
from musiq.scores import Score

LOW_PERCENT = 5


class Summary:
    """Scores of one clip. Keeps 16 bytes of each frame.

    Attributes:
        notes: those of the frames, each once.
        failed: how many frames have no score.
        reason: why the clip could not be read to its end; None where it could.
    """

    def __init__(self, higher_is_better: bool = True) -> None:
        self._sign = 1 if higher_is_better else -1
        self._times, self._scores = array("d"), array("d")
        self.notes, self.failed = dict[str, None](), 0
        self.reason: str | None = None

    def add(self, time_s: float, result: Score | ImageError) -> None:
        """Takes in the result of the frame at a time."""
        if isinstance(result, ImageError):
            self.failed += 1
            return
        self._times.append(time_s)
        self._scores.append(result.mos)
        self.notes.update(dict.fromkeys(result.notes))

    def fail(self, reason: str) -> None:
        """Takes in why the clip could not be read to its end."""
        self.reason = reason

    @property
    def whole(self) -> bool:
        """Whether nothing failed."""
        return not self.failed and self.reason is None

    @property
    def frames(self) -> int:
        """How many have a score."""
        return len(self._scores)

    @property
    def mean(self) -> float:
        """Of all frames alike, however long each is shown."""
        return float(np.mean(self._scores))

    @property
    def low(self) -> float:
        """The 5th percentile by `numpy.percentile`, counted from the worst: what the worst moments are like."""
        return self._sign * float(np.percentile(self._sign * np.asarray(self._scores), LOW_PERCENT))

    @property
    def worst(self) -> tuple[float, float]:
        """Score and time of the worst frame, the first of equals."""
        return self._moment(int(np.argmin(self._sign * np.asarray(self._scores))))

    @property
    def best(self) -> tuple[float, float]:
        """Score and time of the best frame, the first of equals."""
        return self._moment(int(np.argmax(self._sign * np.asarray(self._scores))))

    def _moment(self, index: int) -> tuple[float, float]:
        return self._scores[index], self._times[index]
