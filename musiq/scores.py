"""Logits -> `Score`: the number, what it means and where it came from."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

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

    def limits(self) -> dict[str, tuple[float, float]]:
        """Where each band begins and ends, from the worst to the best; nothing where the range is unknown."""
        if self.low is None or self.high is None:
            return {}
        first, last = (self.low, self.high) if self.higher_is_better else (self.high, self.low)
        ends = [first + (last - first) * step / len(BANDS) for step in range(len(BANDS) + 1)]
        return {band: (min(pair), max(pair)) for band, *pair in zip(BANDS, ends, ends[1:], strict=False)}

    def words(self) -> str:
        """`0 to 100, higher is better`; the direction alone where the range is unknown."""
        ends = "" if self.low is None or self.high is None else f"{self.low:g} to {self.high:g}, "
        return f"{ends}{'higher' if self.higher_is_better else 'lower'} is better"


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
class OwnScale:
    """A rating scale of one's own, learned from ratings: a strictly increasing map of a checkpoint's scores onto it.

    The map is a line from knot to knot and goes on straight beyond them.

    Attributes:
        low, high: worst and best rating of the scale.
        scores: of at least two knots, ascending; scores of the network as it was trained.
        values: of the knots, ascending, on this scale.
        noise: how far ratings lie from what the scores' uncertainty explains (a standard deviation), on this scale.
        name: which ratings taught it, and how many.
    """

    low: float
    high: float
    scores: tuple[float, ...]
    values: tuple[float, ...]
    noise: float = 0.0
    name: str = ""

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"low {self.low:g} must be below high {self.high:g}")
        if len(self.scores) < 2 or len(self.scores) != len(self.values):
            raise ValueError(f"{len(self.scores)} scores and {len(self.values)} values; needs as many, at least two")
        if not (np.all(np.diff(self.scores) > 0) and np.all(np.diff(self.values) > 0)):
            raise ValueError("scores and values must ascend")

    @property
    def id(self) -> str:
        """8 hex digits that tell the map from others."""
        numbers = np.array([self.low, self.high, *self.scores, *self.values], "<f8")
        return hashlib.sha256(numbers.tobytes()).hexdigest()[:8]

    @property
    def range(self) -> ScoreRange:
        """Of the scores on this scale."""
        return ScoreRange(self.low, self.high)

    def apply(self, scores: ArrayLike) -> NDArray[np.float64]:
        """The network's scores on this scale, float64 of the same shape."""
        x, knots, values = (np.asarray(series, np.float64) for series in (scores, self.scores, self.values))
        slopes = np.diff(values) / np.diff(knots)
        below, above = np.minimum(x - knots[0], 0), np.maximum(x - knots[-1], 0)
        return np.asarray(np.interp(x, knots, values) + slopes[0] * below + slopes[-1] * above)

    def spread(self, scores: ArrayLike, uncertainties: ArrayLike = 0.0) -> NDArray[np.float64]:
        """How far ratings typically lie from the scores on this scale: what the network's uncertainties become under
        the map (half of what lies within one of them on either side), and the noise."""
        x, away = np.asarray(scores, np.float64), np.asarray(uncertainties, np.float64)
        return np.hypot((self.apply(x + away) - self.apply(x - away)) / 2, self.noise)


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
        mos: predicted mean opinion score, in the units of the checkpoint's ratings, or on the user's own scale.
        distribution: probability of each rating 1..10; None for a network with one output, or on a scale of one's own.
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
        training_data: data sets that the checkpoint was trained on; empty when unknown.
        population: name of the reference population; None where there is none.
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
    training_data: tuple[str, ...] = ()
    population: str | None = None

    def __float__(self) -> float:
        return self.mos

    def meaning(self) -> str:
        """What the number says, in one to three sentences; leaves out what the checkpoint does not know."""
        trained = f", trained on {', '.join(self.training_data)}" if self.training_data else ""
        return " ".join([self._place(), *self._standing(), f"Checkpoint {self.checkpoint}{trained}."])

    def text(self, value: float) -> str:
        """A value in the unit of the score, with as many decimals as say something on its scale."""
        return f"{value:.{decimals(self.low, self.high)}f}"

    def _place(self) -> str:
        *ends, direction = ScoreRange(self.low, self.high, self.higher_is_better).words().split(", ")
        of = f" of {ends[0]}" if ends else ""
        return f"{self.text(self.mos)}{of} ({direction}){f': {self.band}' if self.band else ''}."

    def _standing(self) -> list[str]:
        parts = list[str]()
        if self.percentile is not None:
            better = self.percentile if self.higher_is_better else 100 - self.percentile
            parts.append(f"better than {better:.0f} % of {self.population or 'its reference photos'}")
        if self.interval is not None and self.coverage is not None:
            low, high = map(self.text, self.interval)
            share = f"{100 * self.coverage:.0f} %"
            parts.append(f"people's rating lies within {low} and {high} with a probability of {share}")
        text = "; ".join(parts)
        return [f"{text[0].upper()}{text[1:]}."] if parts else []

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain data, ready for JSON."""
        return asdict(self)


def decimals(low: float | None, high: float | None) -> int:
    """How many decimals say something on a scale: 1 of 0 to 100, 2 of 1 to 5; 2 where its ends are unknown."""
    return 2 if low is None or high is None else max(0, 3 - math.ceil(math.log10(high - low)))


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
