"""Which of two sets of images is better: means, their difference and its interval. Needs scipy.

The p-value is of the t test whose interval is given (paired, or Welch's for sets that are not), so that the two never
say different things.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from musiq.evaluate.resampling import CONFIDENCE, Interval
from musiq.scores import decimals

Series = NDArray[np.float64]


@dataclass(frozen=True)
class GroupComparison:
    """Two sets of images, A and B.

    Attributes:
        first, second: mean score of each.
        images: number of each.
        paired: whether images of one name were compared with one another.
        difference: mean of A minus mean of B.
        interval: 95 % interval of the difference.
        p: two-sided p-value of no difference.
        beats: the probability that an image of A has a better score than one of B (its fellow, where paired), equal
            scores counted half.
        higher_is_better: direction of the scores.
    """

    first: float
    second: float
    images: tuple[int, int]
    paired: bool
    difference: float
    interval: Interval
    p: float
    beats: float
    higher_is_better: bool = True

    @property
    def better(self) -> str | None:
        """`A` or `B`; None where the interval holds no difference, too."""
        if self.interval.low <= 0 <= self.interval.high:
            return None
        return "A" if (self.difference > 0) == self.higher_is_better else "B"

    def verdict(self, low: float | None = None, high: float | None = None) -> str:
        """A sentence for people.

        Args:
            low: worst score of the scale; its ends say how many digits are of use.
            high: best score of the scale.
        """
        digits = decimals(low, high)
        found = "no difference can be shown" if self.better is None else f"{self.better} is better"
        sign = -1 if self.better is not None and self.difference < 0 else 1
        ends = sorted((sign * self.interval.low, sign * self.interval.high))
        interval = f"{ends[0]:.{digits}f} to {ends[1]:.{digits}f}"
        return f"{found} (difference {sign * self.difference:.{digits}f}, 95 % interval {interval})"


def compare_paired(first: ArrayLike, second: ArrayLike, higher_is_better: bool = True) -> GroupComparison:
    """The comparison of scores `(N,)` of images that belong together, N at least 2."""
    a, b = _checked(first), _checked(second)
    if len(a) != len(b):
        raise ValueError(f"{len(a)} and {len(b)} scores cannot be pairs")
    wins = float(np.mean((a > b) + (a == b) / 2))
    interval, p = _t_test(stats.ttest_rel, a, b, float(np.ptp(a - b)))
    return _result(a, b, True, interval, p, wins, higher_is_better)


def compare_unpaired(first: ArrayLike, second: ArrayLike, higher_is_better: bool = True) -> GroupComparison:
    """The comparison of scores `(N,)` and `(M,)` of any images, N and M at least 2."""
    a, b = _checked(first), _checked(second)
    above = stats.rankdata(np.concatenate([a, b]))[: len(a)].sum() - len(a) * (len(a) + 1) / 2  # Mann-Whitney's U
    interval, p = _t_test(stats.ttest_ind, a, b, float(max(np.ptp(a), np.ptp(b))), equal_var=False)
    return _result(a, b, False, interval, p, float(above / len(a) / len(b)), higher_is_better)


def _checked(scores: ArrayLike) -> Series:
    series = np.asarray(scores, np.float64)
    if len(series) < 2:
        raise ValueError(f"{len(series)} images are too few to compare sets; each needs at least 2")
    return series


def _t_test(test: object, a: Series, b: Series, spread: float, **options: bool) -> tuple[Interval, float]:
    apart = float(a.mean() - b.mean())
    if spread == 0:  # nothing to test: the difference is what it is
        return Interval(apart, apart), float(apart == 0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Precision loss", RuntimeWarning)  # differences that are nearly the same
        result = test(a, b, **options)  # type: ignore[operator]
    return Interval(*map(float, result.confidence_interval(CONFIDENCE))), float(result.pvalue)


def _result(
    a: Series, b: Series, paired: bool, interval: Interval, p: float, wins: float, higher_is_better: bool
) -> GroupComparison:
    means = float(a.mean()), float(b.mean())
    beats = wins if higher_is_better else 1 - wins
    images = len(a), len(b)
    return GroupComparison(*means, images, paired, means[0] - means[1], interval, p, beats, higher_is_better)
