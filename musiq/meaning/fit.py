"""Learning a scale of one's own: a strictly increasing map of scores onto ratings, as smooth as the ratings allow.

The map is a line over a few pieces, fitted by least squares with slopes that stay positive. A penalty on changes of the
slope holds it back; how strong it is, cross-validation chooses. Needs scipy.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from musiq.scores import OwnScale

Series = NDArray[np.float64]
STRENGTHS = (1e4, 0.1, 0.01, 1e-4)  # of the penalty; under the first the map is a straight line
PIECES = 6  # with as many scores in each
NARROWEST = 0.02  # piece, as a share of all
FLATTEST = 0.01  # slope, as a share of the slope of the straight line from end to end
FOLDS = 10


class Ends(NamedTuple):
    """Ends of both scales: `worst` and `best` score, `low` and `high` rating."""

    worst: float
    best: float
    low: float
    high: float

    @property
    def flattest(self) -> float:
        """Rating per score."""
        return FLATTEST * (self.high - self.low) / (self.best - self.worst)


@dataclass(frozen=True)
class Held:
    """What maps say of ratings that they were not fitted to, float64 `(N,)` each.

    Attributes:
        predicted: ratings.
        spread: what the uncertainties of the scores become.
        mean: of the ratings that the map was fitted to.
    """

    predicted: Series
    spread: Series
    mean: Series


def learn_map(scores: Series, ratings: Series, ends: Ends) -> OwnScale:
    """The map that fits the ratings, with the penalty that cross-validation chooses.

    Args:
        scores, ratings: float64 `(N,)`, N at least 2, the scores not all equal, all within the ends.
    """
    return fit_map(scores, ratings, ends, choose_strength(scores, ratings, ends))


def choose_strength(scores: Series, ratings: Series, ends: Ends) -> float:
    """The strongest penalty whose cross-validated error is within a standard error of the least one."""
    errors = np.zeros((len(STRENGTHS), len(scores)))
    for fitted, held in folds(scores):
        for row, strength in zip(errors, STRENGTHS, strict=True):
            own = fit_map(scores[fitted], ratings[fitted], ends, strength)
            row[held] = (own.apply(scores[held]) - ratings[held]) ** 2
    worse = errors - errors[errors.mean(axis=1).argmin()]
    near = worse.mean(axis=1) <= worse.std(axis=1) / np.sqrt(len(scores))
    return STRENGTHS[int(near.argmax())]


def cross_validate(scores: Series, uncertainties: Series, ratings: Series, ends: Ends) -> Held:
    """What maps say of the part of the ratings that each was not fitted to; the penalty is chosen anew for each."""
    result = Held(*np.zeros((3, len(scores))))
    for fitted, held in folds(scores):
        own = learn_map(scores[fitted], ratings[fitted], ends)
        result.predicted[held] = own.apply(scores[held])
        result.spread[held] = own.spread(scores[held], uncertainties[held])
        result.mean[held] = ratings[fitted].mean()
    return result


def folds(scores: Series) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Masks (fitted, held) `(N,)` of each fold: every tenth of the scores in their order, so that all look alike."""
    rank = np.argsort(np.argsort(scores, kind="stable"), kind="stable")
    for fold in range(min(FOLDS, len(scores))):
        held = rank % FOLDS == fold
        yield ~held, held


def fit_map(scores: Series, ratings: Series, ends: Ends, strength: float) -> OwnScale:
    """The map under one penalty; with the same arguments always the same."""
    knots = _place_knots(scores) if np.ptp(scores) > 0 else np.array([ends.worst, ends.best])  # in a fold of few
    widths, height = np.diff(knots), ends.high - ends.low
    parts = _parts(scores, knots)  # rating = start + parts @ rises
    bends = np.diff(np.eye(len(widths)) / widths[:, None], axis=0) * (knots[-1] - knots[0])
    penalty = bends * np.sqrt(strength / max(1, len(bends)))
    fit = (parts - parts.mean(axis=0)) / np.sqrt(len(scores))
    wanted = (ratings - ratings.mean()) / np.sqrt(len(scores))
    matrix = np.concatenate([fit, penalty]) / height
    target = np.concatenate([wanted, np.zeros(len(bends))]) / height
    least = ends.flattest * widths
    rises = least + nnls(matrix, target - matrix @ least)[0]
    start = ratings.mean() - parts.mean(axis=0) @ rises
    return _within(OwnScale(ends.low, ends.high, tuple(knots), tuple(start + np.cumsum([0, *rises]))), ends)


def _place_knots(scores: Series) -> Series:
    """Quantiles of the scores, not too near to one another; the first and the last are the ends."""
    wanted = np.quantile(scores, np.linspace(0, 1, PIECES + 1))
    apart = NARROWEST * (wanted[-1] - wanted[0])
    knots = [wanted[0]]
    for knot in wanted[1:-1]:
        if knot - knots[-1] > apart and wanted[-1] - knot > apart:
            knots.append(knot)
    return np.array([*knots, wanted[-1]])


def _parts(scores: Series, knots: Series) -> Series:
    """Which share of each piece lies below each score, `(N, pieces)`; beyond the ends the outer pieces go on."""
    first, last = np.zeros(len(knots) - 1), np.ones(len(knots) - 1)
    first[0], last[-1] = -np.inf, np.inf
    return np.clip((scores[:, None] - knots[:-1]) / np.diff(knots), first, last)


def _within(own: OwnScale, ends: Ends) -> OwnScale:
    """The same map, bent where it would leave its scale within the ends, and going on from there at the flattest."""
    inner = [at for at in own.scores if ends.worst < at < ends.best]
    knots = np.array([ends.worst, *inner, ends.best])
    for line in (_floor, _roof):
        above = own.apply(knots) - line(knots, ends)
        cut = above[:-1] * above[1:] < 0
        share = above[:-1][cut] / (above[:-1][cut] - above[1:][cut])
        knots = np.sort(np.append(knots, knots[:-1][cut] + share * np.diff(knots)[cut]))
    knots = knots[np.append(True, np.diff(knots) > 1e-9 * (ends.best - ends.worst))]
    values = np.clip(own.apply(knots), _floor(knots, ends), _roof(knots, ends))
    return OwnScale(ends.low, ends.high, tuple(knots.tolist()), tuple(values.tolist()))


def _floor(scores: Series, ends: Ends) -> Series:
    return ends.low + ends.flattest * (scores - ends.worst)


def _roof(scores: Series, ends: Ends) -> Series:
    return ends.high - ends.flattest * (ends.best - scores)
