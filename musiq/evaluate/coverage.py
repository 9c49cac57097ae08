"""How uncertain scores are: learned from rated photos that were not trained on, and checked on others."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musiq.errors import DataError
from musiq.evaluate.resampling import Interval
from musiq.scores import Calibration, Population

STEPS = 100  # between the quantiles of a population


@dataclass(frozen=True)
class Coverage:
    """How often intervals held the mean rating.

    Attributes:
        nominal: share that they claim.
        found: share that did.
        interval: 95 % interval of that share (Wilson).
        width: mean width, in the score's unit.
    """

    nominal: float
    found: float
    interval: Interval
    width: float


def calibrate(scores: ArrayLike, uncertainties: ArrayLike, rated: ArrayLike, coverage: float, name: str) -> Calibration:
    """The factor with which intervals hold the rating of a new photo with probability `coverage`.

    Split conformal prediction with normalised errors: Lei et al., "Distribution-free predictive inference for
    regression", JASA 2018, sections 2.2 and 5.2. It holds for photos like these, whatever the network.

    Args:
        scores, uncertainties, rated: float `(N,)`, of photos that were not trained on.
        coverage: in (0, 1).
        name: of the photos.

    Raises:
        DataError: too few photos for so high a coverage.
    """
    error = np.abs(np.asarray(rated, np.float64) - np.asarray(scores, np.float64))
    ratios = np.sort(error / np.asarray(uncertainties, np.float64))
    rank = math.ceil(coverage * (len(ratios) + 1))
    if not 0 < coverage < 1 or rank > len(ratios):
        raise DataError(f"{len(ratios)} photos are too few for intervals that hold {coverage:g} of all ratings")
    return Calibration(coverage, float(ratios[rank - 1]), name)


def measure_coverage(intervals: Sequence[tuple[float, float]], rated: ArrayLike, nominal: float) -> Coverage:
    """How often the intervals hold the ratings `(N,)`."""
    ends, ratings = np.asarray(intervals, np.float64), np.asarray(rated, np.float64)
    held = (ends[:, 0] <= ratings) & (ratings <= ends[:, 1])
    return Coverage(nominal, float(held.mean()), _wilson(held), float(np.mean(ends[:, 1] - ends[:, 0])))


def _wilson(held: NDArray[np.bool_]) -> Interval:
    """Wilson, "Probable inference", JASA 1927."""
    share, count, z = float(held.mean()), len(held), 1.959963984540054
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return Interval(middle - half, middle + half)


def summarise_population(scores: ArrayLike, name: str) -> Population:
    """The quantiles of a set of photos' scores, `STEPS` + 1 of them, to a hundredth."""
    quantiles = np.quantile(np.asarray(scores, np.float64), np.linspace(0, 1, STEPS + 1))
    return Population(name, tuple(np.round(quantiles, 2).tolist()))
