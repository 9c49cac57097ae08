"""How well predictions agree with ratings: the figures that the paper reports, and two more."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Series = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """Agreement of predictions with ratings.

    Attributes:
        images: number of pairs.
        srcc: Spearman's rank correlation, in [-1, 1].
        plcc: Pearson's linear correlation, in [-1, 1].
        krcc: Kendall's rank correlation (tau-b), in [-1, 1].
        rmse: root mean square error, in the ratings' units.
    """

    images: int
    srcc: float
    plcc: float
    krcc: float
    rmse: float


def agreement(predicted: ArrayLike, rated: ArrayLike) -> Agreement:
    """Agreement of two series of equal length, at least 2. Correlations with a constant are NaN, with a warning.

    Args:
        predicted: float `(N,)`, finite.
        rated: float `(N,)`, finite, in the same units.

    Raises:
        ValueError: the series differ in length, are too short, or hold NaN or infinity.
    """
    x, y = checked_pair(predicted, rated)
    rmse = float(np.sqrt(np.mean((x - y) ** 2)))
    if warn_of_constants(x, y):
        return Agreement(len(x), np.nan, np.nan, np.nan, rmse)
    srcc, plcc, krcc = (float(measure(x, y)[0]) for measure in (stats.spearmanr, stats.pearsonr, stats.kendalltau))
    return Agreement(len(x), srcc, plcc, krcc, rmse)


def checked_pair(predicted: ArrayLike, rated: ArrayLike) -> tuple[Series, Series]:
    """Both as float64 `(N,)`, N at least 2.

    Raises:
        ValueError: the series differ in length, are too short, or hold NaN or infinity.
    """
    x, y = np.asarray(predicted, np.float64), np.asarray(rated, np.float64)
    if x.shape != y.shape or x.ndim != 1 or len(x) < 2:
        raise ValueError(f"need two series of equal length of at least 2, got shapes {x.shape} and {y.shape}")
    for name, series in (("predictions", x), ("ratings", y)):
        bad = np.flatnonzero(~np.isfinite(series))
        if len(bad):
            raise ValueError(f"the {name} hold {series[bad[0]]} at index {bad[0]}; {len(bad)} are not finite")
    return x, y


def warn_of_constants(predicted: Series, rated: Series) -> bool:
    """Whether a series is constant, so that no correlation is defined; a RuntimeWarning says which."""
    constant = [name for name, series in (("predictions", predicted), ("ratings", rated)) if np.ptp(series) == 0]
    if constant:
        warnings.warn(f"all {' and all '.join(constant)} are equal: no correlation is defined", RuntimeWarning, 3)
    return bool(constant)
