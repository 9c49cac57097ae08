"""Agreement after a logistic mapping of predictions onto the ratings' scale, as studies since VQEG report it."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.optimize import OptimizeWarning, curve_fit
from scipy.special import expit

from musiq.evaluate.correlations import Series, checked_pair, warn_of_constants

LEAST_IMAGES = 5  # one more than the curve has parameters
STEEPEST = 1e-9  # in standard deviations; keeps the division defined


@dataclass(frozen=True)
class LogisticAgreement:
    """Agreement after the mapping.

    Attributes:
        plcc: Pearson's correlation of mapped predictions and ratings.
        rmse: root mean square error of mapped predictions, in the ratings' units.
    """

    plcc: float
    rmse: float


def logistic(x: Series, top: float, bottom: float, middle: float, width: float) -> Series:
    """`(top - bottom) / (1 + exp(-(x - middle) / |width|)) + bottom` for each x."""
    return (top - bottom) * expit((x - middle) / max(abs(width), STEEPEST)) + bottom


def logistic_agreement(predicted: ArrayLike, rated: ArrayLike) -> LogisticAgreement:
    """PLCC and RMSE after the best fitting logistic curve with four parameters (VQEG).

    The curve is fitted to the very ratings that it is measured on, so both figures flatter a little. Both are NaN, with
    a warning, for fewer than 5 images, a constant series, or a fit that does not converge.

    Args:
        predicted, rated: float `(N,)`, finite.
    """
    x, y = checked_pair(predicted, rated)
    unknown = LogisticAgreement(np.nan, np.nan)
    if len(x) < LEAST_IMAGES:
        warnings.warn(f"{len(x)} images are too few for a logistic fit", RuntimeWarning, 2)
        return unknown
    if warn_of_constants(x, y):
        return unknown
    mapped = _fit((x - x.mean()) / x.std(), y)
    if mapped is None:
        warnings.warn("the logistic fit does not converge", RuntimeWarning, 2)
        return unknown
    return LogisticAgreement(float(stats.pearsonr(mapped, y)[0]), float(np.sqrt(np.mean((mapped - y) ** 2))))


def _fit(x: Series, y: Series) -> Series | None:
    """The ratings that the fitted curve predicts from standardised x; None if it does not converge or is flat."""
    falling = np.dot(x, y - y.mean()) < 0
    top, bottom = (y.min(), y.max()) if falling else (y.max(), y.min())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OptimizeWarning)  # the parameters' covariance is not asked for
        try:
            parameters, _ = curve_fit(logistic, x, y, (top, bottom, 0.0, 0.5), maxfev=20_000)
        except RuntimeError:
            return None
    mapped = logistic(x, *parameters)
    return mapped if np.isfinite(mapped).all() and np.ptp(mapped) > 0 else None
