"""Is one checkpoint better than another on the same images? Differences, their intervals and p-values."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from musiq.errors import DataError
from musiq.evaluate.correlations import Series, checked_pair
from musiq.evaluate.files import Predictions
from musiq.evaluate.resampling import LEAST_IMAGES, Interval, bootstrap, plcc, srcc

SHOWN = 3  # names in an error
SWAPS_AT_ONCE = 2_000_000  # in a batch of permutations: bounds the memory, while each batch costs time per image


@dataclass(frozen=True)
class Difference:
    """One figure of two checkpoints.

    Attributes:
        first, second: the figure of each.
        difference: first minus second.
        interval: 95 % bootstrap interval of the difference, over images.
        p: two-sided p-value of the permutation test that swaps the checkpoints' scores image by image.
    """

    first: float
    second: float
    difference: float
    interval: Interval
    p: float


@dataclass(frozen=True)
class Comparison:
    """Two checkpoints on the same images."""

    images: int
    srcc: Difference
    plcc: Difference


def compare(first: ArrayLike, second: ArrayLike, rated: ArrayLike, resamples: int = 2000, seed: int = 0) -> Comparison:
    """The comparison of two series of scores of the same images.

    SRCC is tested on ranks, PLCC on standardised scores, so that scores in different units may be swapped.

    Args:
        first: float `(N,)`, finite, not constant, N at least 10.
        second: the same of the other scores.
        rated: the same of the ratings.
        resamples: of the bootstrap and of the permutation test; the smallest p-value is about 2 / resamples.

    Raises:
        ValueError: too few images, or a constant series.
    """
    a, y = checked_pair(first, rated)
    b, _ = checked_pair(second, rated)
    if len(y) < LEAST_IMAGES or any(np.ptp(series) == 0 for series in (a, b, y)):
        raise ValueError(f"{len(y)} images: a comparison needs {LEAST_IMAGES}, and scores and ratings that differ")
    ranks = [stats.rankdata(series) for series in (a, b, y)]
    standard = [(series - series.mean()) / series.std() for series in (a, b, y)]
    return Comparison(
        len(y),
        _difference(srcc, (a, b, y), ranks, resamples, seed),
        _difference(plcc, (a, b, y), standard, resamples, seed),
    )


def compare_predictions(first: Predictions, second: Predictions, resamples: int = 2000, seed: int = 0) -> Comparison:
    """The comparison of two files of predictions, matched by image name.

    Raises:
        DataError: the images are not the same, or their ratings do not agree (up to a change of scale).
    """
    for one, other in ((first, second), (second, first)):
        missing = sorted(set(one.images) - set(other.images))
        if missing:
            names = ", ".join(missing[:SHOWN]) + (", ..." if len(missing) > SHOWN else "")
            raise DataError(f"{other.path}: {len(missing)} images of {one.path} are missing: {names}")
    place = {name: index for index, name in enumerate(second.images)}
    order = [place[name] for name in first.images]
    _check_ratings(first, second, order)
    return compare(first.scores, second.scores[order], first.mos, resamples, seed)


def _check_ratings(first: Predictions, second: Predictions, order: list[int]) -> None:
    ours, theirs = first.mos, second.mos[order]
    slope, offset = np.polyfit(ours, theirs, 1) if np.ptp(ours) > 0 else (1.0, 0.0)
    apart = np.abs(slope * ours + offset - theirs)
    if slope <= 0 or apart.max() > 1e-3 * max(float(np.ptp(theirs)), 1e-12):
        name = first.images[int(apart.argmax())]
        raise DataError(f"{first.path} and {second.path} rate the images differently, {name!r} most of all")


Measure = Callable[..., Series]


def _difference(
    measure: Measure, series: tuple[Series, Series, Series], comparable: list[Series], resamples: int, seed: int
) -> Difference:
    a, b, y = series
    values = float(measure(a, y)), float(measure(b, y))
    interval = bootstrap(series, partial(_apart, measure), resamples, seed)
    swapped = stats.permutation_test(
        comparable[:2],
        partial(_apart, plcc, rated=comparable[2]),
        permutation_type="samples",
        n_resamples=resamples,
        batch=max(1, SWAPS_AT_ONCE // len(y)),
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    return Difference(*values, values[0] - values[1], interval, float(swapped.pvalue))


def _apart(measure: Measure, a: Series, b: Series, rated: Series, axis: int = -1) -> Series:
    return measure(a, np.broadcast_to(rated, a.shape), axis) - measure(b, np.broadcast_to(rated, b.shape), axis)
