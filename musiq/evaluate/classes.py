"""Good or bad: the two-class figures that are usual for AVA."""

import numpy as np
from numpy.typing import ArrayLike

from musiq.evaluate.correlations import checked_pair

GOOD_ABOVE = 5.0  # on AVA's ratings 1..10; paper Table 4


def two_class_accuracy(predicted: ArrayLike, rated: ArrayLike, threshold: float = GOOD_ABOVE) -> float:
    """Share of images, in [0, 1], whose prediction and rating fall into the same class.

    Good is above the threshold; a value equal to it counts as bad, for predictions and ratings alike.

    Args:
        predicted, rated: float `(N,)`, mean ratings on the threshold's scale.
    """
    x, y = checked_pair(predicted, rated)
    return float(np.mean((x > threshold) == (y > threshold)))


def mean_square_error(predicted: ArrayLike, rated: ArrayLike) -> float:
    """Mean square difference of mean ratings, in squared units of the ratings."""
    x, y = checked_pair(predicted, rated)
    return float(np.mean((x - y) ** 2))
