"""Logits -> `Score`: the number, what it means and where it came from."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATINGS = np.arange(1, 11)


@dataclass(frozen=True)
class ScoreRange:
    """Which numbers a checkpoint gives.

    Attributes:
        low: worst score of the rating scale, None when the checkpoint does not say.
        high: best score of the rating scale, None when the checkpoint does not say.
        higher_is_better: direction of the scale.
        factor: a single output times this is the score; 100 for a network trained on ratings in [0, 1].
    """

    low: float | None = None
    high: float | None = None
    higher_is_better: bool = True
    factor: float = 1.0


@dataclass(frozen=True)
class Score:
    """The predicted quality of one image.

    Attributes:
        mos: predicted mean opinion score, in the units of the checkpoint's ratings.
        distribution: probability of each rating 1..10, or None for a network with one output.
        low, high: the rating scale's ends, None when the checkpoint does not say. Predictions may lie outside.
        higher_is_better: direction of the scale.
        checkpoint: name of the checkpoint.
        weights: SHA-256 of its weights.
        preprocess: id of the preprocessing; scores compare only under the same checkpoint and id.
        height, width: size in px that the network saw as native.
        notes: what the decoder did.
    """

    mos: float
    distribution: tuple[float, ...] | None
    low: float | None
    high: float | None
    higher_is_better: bool
    checkpoint: str
    weights: str
    preprocess: str
    height: int
    width: int
    notes: tuple[str, ...] = ()

    def __float__(self) -> float:
        return self.mos

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain data, ready for JSON."""
        return asdict(self)


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Probabilities `(..., K)` that sum to 1."""
    shifted = np.exp(np.asarray(logits, np.float64) - np.max(logits, axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def mean_opinion(logits: NDArray[np.floating], factor: float = 1.0) -> NDArray[np.float64]:
    """Score of each row: the output itself times `factor`, or the mean rating of a distribution over 1..10.

    Args:
        logits: float `(B, K)`, K = 1 or 10.

    Returns:
        float64 `(B,)`.
    """
    if logits.shape[-1] == 1:
        return logits[:, 0].astype(np.float64) * factor
    return softmax(logits) @ RATINGS


def rating_distribution(logits: NDArray[np.floating]) -> Sequence[tuple[float, ...] | None]:
    """For each row of `(B, K)` logits the probabilities of the ratings, or None where K = 1."""
    if logits.shape[-1] == 1:
        return [None] * len(logits)
    return [tuple(row) for row in softmax(logits).tolist()]
