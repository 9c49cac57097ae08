"""How well predictions agree with ratings: the figures that the paper reports, and two more."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


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
    """Agreement of two series of equal length, at least 2. Correlations with a constant are NaN.

    Args:
        predicted, rated: float `(N,)`, in the same units.
    """
    x, y = np.asarray(predicted, np.float64), np.asarray(rated, np.float64)
    if x.shape != y.shape or x.ndim != 1 or len(x) < 2:
        raise ValueError(f"need two series of equal length of at least 2, got shapes {x.shape} and {y.shape}")
    rmse = float(np.sqrt(np.mean((x - y) ** 2)))
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return Agreement(len(x), float("nan"), float("nan"), float("nan"), rmse)
    srcc, plcc, krcc = (float(measure(x, y)[0]) for measure in (stats.spearmanr, stats.pearsonr, stats.kendalltau))
    return Agreement(len(x), srcc, plcc, krcc, rmse)
