"""What a network learns: the target of an image, the loss, and the figures that judge it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from musiq.data.loader import TrainBatch
from musiq.data.record import DataSet, Record
from musiq.errors import DataError, RecipeError
from musiq.evaluate.correlations import Agreement, agreement
from musiq.scores import UNSURE_OUTPUTS, ScoreRange, mean_opinion
from musiq.train.augment import View
from musiq.train.damage import Damage
from musiq.train.losses import earth_movers_distance, interval_l1, laplace_deviance, rank_pairs, shortfall
from musiq.train.recipe import Recipe

UNSURE_WEIGHT = 0.1  # of learning the uncertainty beside the score
CLEAR = 0.1  # a difference of this share of the scale counts as a clear one when images are ranked


class Task(Protocol):
    """One kind of training."""

    @property
    def outputs(self) -> int:
        """Outputs K of the network."""

    @property
    def score(self) -> ScoreRange:
        """What the checkpoint's scores mean."""

    @property
    def first_guess(self) -> Sequence[float]:
        """What an untrained network says of every image, `(K,)`."""

    @property
    def judged_by(self) -> str:
        """The figure of `measure` that chooses the kept weights."""

    def quality(self, record: Record) -> float:
        """The image's label for augmentation, 0 to 1 over its rating scale."""

    def target(self, record: Record, view: View) -> NDArray[np.float32]:
        """What the loss needs to know of a view of the photo, `(T,)`."""

    def loss(self, logits: Tensor, batch: TrainBatch) -> Tensor:
        """Loss of each image, `(B,)`."""

    def validation(self, records: Sequence[Record]) -> Sequence[Record]:
        """What is measured of the validation images: themselves, or what the task makes of them."""

    def measure(self, logits: NDArray[np.float64], records: Sequence[Record]) -> dict[str, float]:
        """Figures over validation images, from their logits `(N, K)`."""


@dataclass(frozen=True)
class Opinion:
    """One score per image, by L1 (paper section 3.4), and where the recipe asks for it the order of images and, from a
    second output, the logarithm of the score's uncertainty."""

    sets: tuple[DataSet, ...]
    score: ScoreRange
    ranking: float
    outputs: int = 1
    judged_by: str = "srcc"

    @property
    def span(self) -> float:
        """Length of the rating scale on the network's own scale."""
        return (_end(self.score.high) - _end(self.score.low)) / self.score.factor

    @property
    def first_guess(self) -> Sequence[float]:
        """The middle of the scale, give or take what is clear."""
        return [self._place(0.5), math.log(CLEAR * self.span)][: self.outputs]

    def quality(self, record: Record) -> float:
        data = self.sets[record.source]
        return (record.mos - data.low) / (data.high - data.low)

    def target(self, record: Record, view: View) -> NDArray[np.float32]:
        """Both ends of the interval, and the depth, on the network's own scale."""
        ends = [self._place(end) for end in view.interval]
        return np.array([*ends, view.depth * self.span], np.float32)

    def _place(self, quality: float) -> float:
        return _end(self.score.low) / self.score.factor + quality * self.span

    def loss(self, logits: Tensor, batch: TrainBatch) -> Tensor:
        score, (low, high, depth) = logits[:, 0], batch.target.unbind(dim=1)
        error = interval_l1(score, low, high)
        loss = error + shortfall(score, depth, batch.photo)
        if self.outputs == UNSURE_OUTPUTS:
            rated = depth == 0  # how far a copy's label would lie from its score is unknown
            loss = loss + UNSURE_WEIGHT * self.span * laplace_deviance(error, logits[:, 1]) * rated
        if not self.ranking:
            return loss
        clear = CLEAR * self.span
        return loss + self.ranking * clear * rank_pairs(score, low, high, batch.source, clear)

    def validation(self, records: Sequence[Record]) -> Sequence[Record]:
        return records

    def measure(self, logits: NDArray[np.float64], records: Sequence[Record]) -> dict[str, float]:
        predicted = logits[:, 0] * self.score.factor
        rated = np.array([self._place(self.quality(record)) for record in records])
        return _measure_sets(predicted, rated * self.score.factor, records, self.sets)


@dataclass(frozen=True)
class Distribution:
    """Shares of the ratings, by the earth mover's distance with r = 2 (paper section 3.4)."""

    sets: tuple[DataSet, ...]
    outputs: int
    score: ScoreRange
    judged_by: str = "srcc"

    @property
    def first_guess(self) -> Sequence[float]:
        return [0.0] * self.outputs

    def quality(self, record: Record) -> float:
        return 0.0  # augmentation that would move it is refused by the recipe

    def target(self, record: Record, view: View) -> NDArray[np.float32]:
        return self._shares(record)

    def _shares(self, record: Record) -> NDArray[np.float32]:
        counts = np.array(record.histogram, np.float32)
        return counts / counts.sum()

    def loss(self, logits: Tensor, batch: TrainBatch) -> Tensor:
        return earth_movers_distance(logits, batch.target)

    def validation(self, records: Sequence[Record]) -> Sequence[Record]:
        return records

    def measure(self, logits: NDArray[np.float64], records: Sequence[Record]) -> dict[str, float]:
        rated = np.array([self._shares(record) @ np.arange(1, self.outputs + 1) for record in records])
        return _measure_sets(mean_opinion(logits), rated, records, self.sets)


@dataclass(frozen=True)
class Classes:
    """The class of each image, by cross-entropy: pre-training (paper section 4.2)."""

    outputs: int
    score: ScoreRange = field(default_factory=ScoreRange)
    judged_by: str = "accuracy"

    @property
    def first_guess(self) -> Sequence[float]:
        return [0.0] * self.outputs

    def quality(self, record: Record) -> float:
        return 0.0  # a class does not depend on quality

    def target(self, record: Record, view: View) -> NDArray[np.float32]:
        return np.array([record.label], np.float32)

    def loss(self, logits: Tensor, batch: TrainBatch) -> Tensor:
        return F.cross_entropy(logits, batch.target[:, 0].long(), reduction="none")

    def validation(self, records: Sequence[Record]) -> Sequence[Record]:
        return records

    def measure(self, logits: NDArray[np.float64], records: Sequence[Record]) -> dict[str, float]:
        labels = np.array([record.label for record in records])
        return {"accuracy": float(np.mean(logits.argmax(axis=1) == labels))}


def make_task(recipe: Recipe, sets: Sequence[DataSet]) -> Task:
    """The recipe's task on these data sets.

    Raises:
        DataError: a set lacks what the task learns from.
        RecipeError: the recipe's numbers do not fit the sets.
    """
    if recipe.weights and len(recipe.weights) != len(sets):
        raise RecipeError(f"recipe {recipe.name!r}: {len(recipe.weights)} weights for {len(sets)} data sets")
    if recipe.task == "classes":
        return _make_classes(recipe, sets)
    if recipe.task == "damage":
        return Damage()
    for data in sets:
        if data.classes:
            raise DataError(f"{data.name} holds classes, not ratings; recipe {recipe.name!r} learns ratings")
    return _make_distribution(recipe, sets) if recipe.task == "distribution" else _make_opinion(recipe, sets)


def _make_classes(recipe: Recipe, sets: Sequence[DataSet]) -> Classes:
    if len(sets) != 1 or not sets[0].classes:
        raise DataError(f"recipe {recipe.name!r} learns classes: it takes one data set of class folders (imagenet)")
    return Classes(len(sets[0].classes))


def _make_distribution(recipe: Recipe, sets: Sequence[DataSet]) -> Distribution:
    for data in sets:
        for record in data.records:
            found = 0 if record.histogram is None else len(record.histogram)
            if found != recipe.model.outputs:
                raise DataError(
                    f"{data.name}: image {record.name!r} has a histogram of {found} ratings; "
                    f"recipe {recipe.name!r} learns {recipe.model.outputs}"
                )
    return Distribution(tuple(sets), recipe.model.outputs, ScoreRange(1, recipe.model.outputs))


def _make_opinion(recipe: Recipe, sets: Sequence[DataSet]) -> Opinion:
    for data in sets:
        if not data.low < data.high:
            values = [record.mos for record in data.records]
            raise DataError(
                f"{data.name}: its ratings run from {min(values):g} to {max(values):g}; "
                "say the ends of their scale with --mos-range"
            )
    score = recipe.score or ScoreRange(sets[0].low, sets[0].high, factor=sets[0].high - sets[0].low)
    if score.low is None or score.high is None or not score.low < score.high:
        raise RecipeError(f"recipe {recipe.name!r}: score needs low < high, got {score.low} and {score.high}")
    return Opinion(tuple(sets), score, recipe.ranking, recipe.model.outputs)


def _end(value: float | None) -> float:
    assert value is not None  # `_make_opinion` has looked
    return value


def _measure_sets(
    predicted: NDArray[np.float64], rated: NDArray[np.float64], records: Sequence[Record], sets: Sequence[DataSet]
) -> dict[str, float]:
    """Agreement, the mean over data sets; of several also each one's SRCC."""
    source = np.array([record.source for record in records])
    found: dict[str, Agreement] = {}
    for index, data in enumerate(sets):
        chosen = source == index
        found[f"{index + 1} {data.name}"] = agreement(predicted[chosen], rated[chosen])
    means = {name: float(np.mean([getattr(one, name) for one in found.values()])) for name in ("srcc", "plcc", "rmse")}
    return means | ({f"srcc {name}": one.srcc for name, one in found.items()} if len(found) > 1 else {})
