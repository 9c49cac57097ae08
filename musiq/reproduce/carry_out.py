"""A table from its first run to its last: the predictions and costs of every row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from musiq.data.record import DataSet
from musiq.evaluate.files import Predictions
from musiq.evaluate.predictions import map_ratings, rated_records
from musiq.reproduce.cost import Cost, kept_cost, parameter_count
from musiq.reproduce.experiment import Experiment, Row
from musiq.reproduce.runs import Run, finish_runs
from musiq.reproduce.scales import make_setting
from musiq.reproduce.setting import Setting
from musiq.reproduce.workshop import Workshop
from musiq.scores import ScoreRange
from musiq.train.recipe import Recipe
from musiq.train.tasks import make_task


@dataclass(frozen=True)
class Outcome:
    """What became of a row.

    Attributes:
        row: the row.
        here: what stands for it here: the recipe's name.
        runs: predictions of each seed.
        cost: of one image; None for classical methods.
        paper_parameters: of the row's network at scale `paper`; None for classical methods and means.
    """

    row: Row
    here: str
    runs: tuple[Predictions, ...]
    cost: Cost | None = None
    paper_parameters: int | None = None


def carry_out(
    experiment: Experiment, data: DataSet, setting: Setting, workshop: Workshop, seeds: Sequence[int]
) -> list[Outcome]:
    """Carries out every run that is not done yet: all rows with the first seed, then with the next.

    Args:
        data: reduced to what the setting takes.
    """
    if any(row.classical is not None for row in experiment.rows):
        import musiq.reproduce.classical  # noqa: F401  its extra is missed now rather than after hours
    recipes = {row.label: row.recipe(setting) for row in experiment.rows if row.recipe is not None}
    plan = [(label, seed) for seed in seeds for label in recipes]
    runs = [Run(label, replace(recipes[label], seed=seed), data, (data,)) for label, seed in plan]
    found: dict[str, list[Predictions]] = {row.label: [] for row in experiment.rows}
    for (label, _), (predictions,) in zip(plan, finish_runs(experiment.name, runs, workshop), strict=True):
        found[label].append(predictions)
    costs = {label: kept_cost(replace(recipe, seed=seeds[0]), data, workshop) for label, recipe in recipes.items()}
    score = make_task(setting.base, [data]).score
    for row in experiment.rows:
        if row.mean_of:
            found[row.label] = _average([found[label] for label in row.mean_of])
            costs[row.label] = Cost.sum_of([costs[label] for label in row.mean_of])
        elif row.classical is not None:
            found[row.label] = [_classical(row.classical, data, score, workshop)]
    return [
        _outcome(row, found[row.label], costs.get(row.label), recipes.get(row.label), data) for row in experiment.rows
    ]


def _average(rows: Sequence[Sequence[Predictions]]) -> list[Predictions]:
    """The mean scores of several rows, seed by seed."""
    return [
        replace(runs[0], path=Path("mean"), scores=np.mean([run.scores for run in runs], axis=0))
        for runs in zip(*rows, strict=True)
    ]


def _classical(method: str, data: DataSet, score: ScoreRange, workshop: Workshop) -> Predictions:
    """Predictions and ratings on the scale of the networks' scores."""
    from musiq.reproduce.classical import classical_scores  # an extra of its own

    train = [record for record in data.records if record.split == "train"]
    test = rated_records(data, ("test",))
    predicted = classical_scores(method, train, test, seed=0, cache=workshop.out / "classical")
    scored = [replace(record, mos=value) for record, value in zip(test, predicted.tolist(), strict=True)]
    names = tuple(record.name for record in test)
    return Predictions(Path(method), names, map_ratings(test, data, score), map_ratings(scored, data, score))


def _outcome(row: Row, runs: Sequence[Predictions], cost: Cost | None, recipe: Recipe | None, data: DataSet) -> Outcome:
    if row.recipe is None or recipe is None:
        return Outcome(row, row.classical or "mean of their scores", tuple(runs), cost)
    paper = row.recipe(make_setting("paper", data.name, recipe.task == "distribution"))
    return Outcome(row, recipe.name, tuple(runs), cost, parameter_count(paper.model))


def by_label(outcomes: Sequence[Outcome]) -> Mapping[str, Outcome]:
    """Outcomes by the label of their row."""
    return {outcome.row.label: outcome for outcome in outcomes}
