"""How far the figures would move with other images: bootstrap intervals, and random splits of given predictions."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from musiq.evaluate.correlations import Series, checked_pair, warn_of_constants

CONFIDENCE = 0.95
LEAST_IMAGES = 10  # below it, a resample may well hold one image only
VALUES_AT_ONCE = 400_000  # of one series in a batch of resamples; fits into a processor's cache


@dataclass(frozen=True)
class Interval:
    """Ends of a 95 % confidence interval; NaN where none can be given."""

    low: float
    high: float


UNKNOWN = Interval(np.nan, np.nan)


def srcc(x: Series, y: Series, axis: int = -1) -> Series:
    """Spearman's correlation along an axis."""
    return plcc(stats.rankdata(x, axis=axis), stats.rankdata(y, axis=axis), axis)


def plcc(x: Series, y: Series, axis: int = -1) -> Series:
    """Pearson's correlation along an axis; NaN, in silence, where a resample is constant."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.ConstantInputWarning)
        warnings.simplefilter("ignore", stats.NearConstantInputWarning)
        return stats.pearsonr(x, y, axis=axis).statistic


def bootstrap_intervals(
    predicted: ArrayLike, rated: ArrayLike, resamples: int = 1000, seed: int = 0
) -> tuple[Interval, Interval]:
    """Percentile bootstrap intervals of SRCC and PLCC; both NaN, with a warning, below 10 images or for a constant.

    Args:
        predicted: float `(N,)`, finite.
        rated: float `(N,)`, finite.
        resamples: how many times N images are drawn with replacement.
    """
    x, y = checked_pair(predicted, rated)
    if len(x) < LEAST_IMAGES:
        warnings.warn(f"{len(x)} images are too few for a confidence interval", RuntimeWarning, 2)
        return UNKNOWN, UNKNOWN
    if warn_of_constants(x, y):
        return UNKNOWN, UNKNOWN
    return bootstrap((x, y), srcc, resamples, seed), bootstrap((x, y), plcc, resamples, seed)


def bootstrap(series: tuple[Series, ...], measure: Callable[..., Series], resamples: int, seed: int) -> Interval:
    """Percentile interval of `measure(*series, axis=...)` over images drawn with replacement from all series alike."""
    result = stats.bootstrap(
        series,
        measure,
        n_resamples=resamples,
        batch=max(1, VALUES_AT_ONCE // len(series[0])),
        vectorized=True,
        paired=True,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    )
    return Interval(*map(float, result.confidence_interval))


@dataclass(frozen=True)
class Spread:
    """Mean, median and sample standard deviation (NaN for one) of a figure."""

    mean: float
    median: float
    std: float

    @classmethod
    def over(cls, values: Sequence[float]) -> "Spread":
        """The spread of some values, at least one."""
        std = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
        return cls(float(np.mean(values)), float(np.median(values)), std)


def random_splits(
    predicted: ArrayLike,
    rated: ArrayLike,
    count: int,
    *,
    groups: Sequence[str] = (),
    share: float = 0.2,
    seed: int = 0,
) -> tuple[Spread, Spread]:
    """SRCC and PLCC over random test splits of given predictions. Nothing is trained anew.

    Args:
        predicted: float `(N,)`, finite.
        rated: float `(N,)`, finite.
        count: number of splits, each drawn anew from all images.
        groups: a name per image; images of one name are drawn together. Empty names, or no groups at all, stand alone.
        share: of the images in a split; the last group drawn may overshoot it.
        seed: split i depends on (seed, i) alone.

    Raises:
        ValueError: a share outside (0, 1], or so small that a split holds fewer than 2 images.
    """
    x, y = checked_pair(predicted, rated)
    if count < 1 or not 0 < share <= 1 or share * len(x) < 2:
        raise ValueError(f"{count} splits of {share:g} of {len(x)} images: needs 1 split of 2 images at least")
    members = _members(groups or [""] * len(x))
    chosen = [_draw(members, share * len(x), np.random.default_rng((seed, index))) for index in range(count)]
    figures = [(float(srcc(x[part], y[part])), float(plcc(x[part], y[part]))) for part in chosen]
    return Spread.over([each for each, _ in figures]), Spread.over([each for _, each in figures])


def _members(groups: Sequence[str]) -> list[list[int]]:
    members = dict[str | int, list[int]]()
    for index, name in enumerate(groups):
        members.setdefault(name or index, []).append(index)
    return list(members.values())


def _draw(members: list[list[int]], least: float, rng: np.random.Generator) -> list[int]:
    chosen = list[int]()
    for index in rng.permutation(len(members)):
        if len(chosen) >= least - 1e-9:
            break
        chosen += members[index]
    return chosen
