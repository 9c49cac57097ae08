"""A checkpoint and some ratings -> the same checkpoint with scores on the raters' own scale. Needs scipy."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from musiq.checkpoint import Checkpoint
from musiq.errors import DataError
from musiq.evaluate.correlations import agreement
from musiq.evaluate.coverage import calibrate
from musiq.meaning.fit import Ends, Held, Series, cross_validate, learn_map
from musiq.scores import Calibration, OwnScale, Score, ScoreRange

LEAST_RATINGS = 8
FEW_RATINGS = 20
COVERAGE = 0.9  # of the intervals
LEAST_NOISE = 0.001  # of the scale's width: an interval may be narrow, but not nothing


@dataclass(frozen=True)
class Error:
    """How far predicted ratings are off: root mean square and mean absolute error, on the raters' scale."""

    rmse: float
    mae: float

    @classmethod
    def of(cls, predicted: ArrayLike, ratings: Series) -> "Error":
        """That of predictions `(N,)` of ratings."""
        off = np.asarray(predicted, np.float64) - ratings
        return cls(float(np.sqrt(np.mean(off**2))), float(np.abs(off).mean()))


@dataclass(frozen=True)
class Learned:
    """What ratings taught.

    Attributes:
        checkpoint: that gives scores on the raters' scale.
        ratings: their number.
        srcc: of ratings and scores.
        own: cross-validated error of the map.
        plain: error of the checkpoint's own range laid over the raters' scale; None where it does not state one.
        mean: cross-validated error of always guessing the mean rating.
        half_width: of the intervals of these images on average; None where there are too few ratings for intervals.
        warnings: sentences.
    """

    checkpoint: Checkpoint
    ratings: int
    srcc: float
    own: Error
    plain: Error | None
    mean: Error
    half_width: float | None
    warnings: tuple[str, ...]


def without_own_scale(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint that gives the network's scores as they are, without intervals that were not of these."""
    own = checkpoint.own_scale
    if own is None:
        return checkpoint
    kept = {name: figures for name, figures in checkpoint.accuracy.items() if name != _entry(own)}
    return replace(checkpoint, own_scale=None, calibration=None, accuracy=kept)


def learn_scale(
    checkpoint: Checkpoint,
    scores: Sequence[Score],
    ratings: ArrayLike,
    low: float,
    high: float,
    *,
    name: str,
    of: str = "ratings",
) -> Learned:
    """The checkpoint with scores mapped onto the scale of the ratings, and how good that is.

    Args:
        checkpoint: without a scale of its own.
        scores: what it gives the rated images.
        ratings: of these, the higher the better.
        low: worst rating of their scale.
        high: best rating of their scale.
        name: of the new checkpoint.
        of: whose ratings these are.

    Raises:
        DataError: too few ratings, outside the scale, all equal, or falling as the scores rise.
    """
    x, y = np.array([score.mos for score in scores]), np.asarray(ratings, np.float64)
    away = np.array([score.uncertainty or 0.0 for score in scores])
    _check(checkpoint, x, y, low, high)
    srcc = agreement(x, y).srcc
    if not srcc > 0:
        raise DataError(
            f"the ratings do not rise with the scores of {checkpoint.name} (SRCC {srcc:.2f} of {len(y)}): higher must "
            "be better, and the scores must say something about these images"
        )
    ends = _ends(checkpoint.score, x, low, high)
    held = cross_validate(x, away, y, ends)
    own = replace(learn_map(x, y, ends), noise=_noise(held, y, high - low), name=f"{len(y)} {of}")
    sure = _intervals(held, y, own)
    error, plain, mean = Error.of(held.predicted, y), _plain_error(checkpoint.score, x, y, ends), Error.of(held.mean, y)
    accuracy = {key: _ranks_only(figures) for key, figures in checkpoint.accuracy.items()}
    found = {"srcc": srcc, "rmse": error.rmse, "mae": error.mae}
    accuracy[_entry(own)] = {"images": len(y)} | {key: round(value, 4) for key, value in found.items()}
    mapped = replace(checkpoint, name=name, own_scale=own, calibration=sure, accuracy=accuracy)
    half = None if sure is None else sure.factor * float(own.spread(x, away).mean())
    return Learned(mapped, len(y), srcc, error, plain, mean, half, tuple(_warnings(len(y), error, plain, mean, sure)))


def _check(checkpoint: Checkpoint, scores: Series, ratings: Series, low: float, high: float) -> None:
    if not checkpoint.score.higher_is_better:
        raise DataError(f"{checkpoint.name}: lower scores are better, and ratings must rise with the scores")
    if not low < high:
        raise DataError(f"scale {low:g} to {high:g}: the worst rating must be below the best")
    if len(ratings) < LEAST_RATINGS:
        raise DataError(f"{len(ratings)} ratings are too few to learn a scale from; {LEAST_RATINGS} are needed")
    outside = ratings[~((low <= ratings) & (ratings <= high))]
    if len(outside):
        raise DataError(f"rating {outside[0]:g} lies outside {low:g} to {high:g} (and {len(outside) - 1} more)")
    for what, series in (("ratings", ratings), ("scores", scores)):
        if np.ptp(series) == 0:
            raise DataError(f"all {len(series)} {what} are {series[0]:g}: a scale cannot be learned from them")


def _ends(score: ScoreRange, scores: Series, low: float, high: float) -> Ends:
    """Those of the checkpoint's range and of what it gave, which may lie beyond or be all that is known."""
    known = [end for end in (score.low, score.high) if end is not None]
    return Ends(min([*known, float(scores.min())]), max([*known, float(scores.max())]), low, high)


def _plain_error(score: ScoreRange, scores: Series, ratings: Series, ends: Ends) -> Error | None:
    if score.low is None or score.high is None:
        return None
    place = (scores - score.low) / (score.high - score.low)
    return Error.of(ends.low + place * (ends.high - ends.low), ratings)


def _noise(held: Held, ratings: Series, width: float) -> float:
    """What is left of the error, on average, beside what the uncertainties explain."""
    left = float(np.mean((held.predicted - ratings) ** 2 - held.spread**2))
    return max(math.sqrt(max(left, 0.0)), LEAST_NOISE * width)


def _intervals(held: Held, ratings: Series, own: OwnScale) -> Calibration | None:
    spread = np.hypot(held.spread, own.noise)
    try:
        return calibrate(held.predicted, spread, ratings, COVERAGE, own.name)
    except DataError:
        return None


def _ranks_only(figures: Mapping[str, float]) -> dict[str, float]:
    """What a strictly increasing map leaves as it was."""
    return {key: value for key, value in figures.items() if key in ("images", "srcc", "krcc")}


def _entry(own: OwnScale) -> str:
    return f"{own.name}, cross-validated"


def _warnings(count: int, own: Error, plain: Error | None, mean: Error, sure: Calibration | None) -> Iterator[str]:
    if count < FEW_RATINGS:
        yield f"{count} ratings are few: the map may be far off; 50 are a good number"
    if plain is not None and own.rmse >= plain.rmse:
        yield "the map is no better than the checkpoint's range laid over the scale: it gains nothing"
    if own.rmse >= mean.rmse:
        yield "the map is no better than always guessing the mean rating: the scores say little about these images"
    if sure is None:
        yield f"{count} ratings are too few for {100 * COVERAGE:.0f} % intervals: the checkpoint gives none"
