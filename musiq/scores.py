"""Logits -> `Score`: the number, what it means and where it came from."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATINGS = np.arange(1, 11)
UNSURE_OUTPUTS = 2  # of a network that gives a score and how uncertain it is
BANDS = ("bad", "poor", "fair", "good", "excellent")


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

    def band(self, score: float) -> str | None:
        """Which fifth of the range a score lies in, by the words of the five-grade scale (ITU-R BT.500, ITU-T P.910);
        None when the range is unknown."""
        if self.low is None or self.high is None:
            return None
        place = (score - self.low) / (self.high - self.low)
        height = place if self.higher_is_better else 1 - place
        return BANDS[min(max(int(np.floor(height * len(BANDS))), 0), len(BANDS) - 1)]


@dataclass(frozen=True)
class Population:
    """Scores of a stated set of photos, to say where one stands among them.

    Attributes:
        name: which photos, and how many.
        quantiles: at least two of their scores, ascending, at even shares from the worst (0) to the best (1).
    """

    name: str
    quantiles: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.quantiles) < 2 or list(self.quantiles) != sorted(self.quantiles):
            raise ValueError("quantiles must be at least two, ascending")

    def percentile(self, score: float) -> float:
        """How many percent of the photos score less, 0 to 100, to a step between quantiles."""
        shares = np.linspace(0, 100, len(self.quantiles))
        return float(np.interp(score, self.quantiles, shares))


@dataclass(frozen=True)
class Calibration:
    """How far the mean rating may lie from a score, learned from photos that were not trained on.

    The interval is score +- `factor` * uncertainty, of which the network's second output is the logarithm.

    Attributes:
        coverage: share of intervals that hold the mean rating, 0 to 1.
        factor: half an interval's width in uncertainties.
        name: which photos taught the factor, and how many.
    """

    coverage: float
    factor: float
    name: str

    def interval(self, score: float, uncertainty: float) -> tuple[float, float]:
        """(low, high) around a score."""
        return score - self.factor * uncertainty, score + self.factor * uncertainty


@dataclass(frozen=True)
class Score:
    """The predicted quality of one image.

    Attributes:
        mos: predicted mean opinion score, in the units of the checkpoint's ratings.
        distribution: probability of each rating 1..10, or None for a network with one output.
        uncertainty: how far the mean rating typically lies from the score, in its unit; None for a network that does
            not say.
        interval: (low, high) that holds the mean rating with a probability of `coverage`; None for a checkpoint
            without a `Calibration`.
        coverage: that probability, None without an interval.
        percentile: how many percent of the checkpoint's reference population score less; None where it has none.
        band: `bad`, `poor`, `fair`, `good` or `excellent`: the fifth of the scale; None when its ends are unknown.
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
    uncertainty: float | None
    interval: tuple[float, float] | None
    coverage: float | None
    percentile: float | None
    band: str | None
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
    """Score of each row: the first output times `factor`, or the mean rating of a distribution over 1..10.

    Args:
        logits: float `(B, K)`, K = 1, 2 (score and uncertainty) or 10.

    Returns:
        float64 `(B,)`.
    """
    if logits.shape[-1] == len(RATINGS):
        return softmax(logits) @ RATINGS
    return logits[:, 0].astype(np.float64) * factor


def uncertainty(logits: NDArray[np.floating], factor: float = 1.0) -> NDArray[np.float64] | None:
    """How far each mean rating typically lies from the score, in its unit, float64 `(B,)`; None where K is not 2."""
    if logits.shape[-1] != UNSURE_OUTPUTS:
        return None
    return np.exp(logits[:, 1].astype(np.float64)) * factor


def rating_distribution(logits: NDArray[np.floating]) -> Sequence[tuple[float, ...] | None]:
    """For each row of `(B, K)` logits the probabilities of the ratings, or None where K is not 10."""
    if logits.shape[-1] != len(RATINGS):
        return [None] * len(logits)
    return [tuple(row) for row in softmax(logits).tolist()]
