"""An experiment from its first run to its last: the predictions and costs of every row."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from musiq.data.record import DataSet
from musiq.evaluate.files import Predictions
from musiq.evaluate.predictions import rated_records
from musiq.progress import say
from musiq.reproduce.cost import Cost, measure_cost, parameter_count
from musiq.reproduce.experiment import Experiment, Row
from musiq.reproduce.runs import Workshop, finish_run, open_run
from musiq.reproduce.setting import Setting, make_setting
from musiq.train.recipe import Recipe


@dataclass(frozen=True)
class Outcome:
    """What became of a row.

    Attributes:
        row: the row.
        here: what stands for it here: the recipe's name.
        runs: predictions of each seed.
        cost: of one image; None for classical methods.
        paper_parameters: of the row's network at the scale of the paper; None for classical methods and means.
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
        experiment: its rows.
        data: reduced to what the setting takes.
        setting: the scale.
        workshop: where runs are kept.
        seeds: of the runs.
    """
    if any(row.classical is not None for row in experiment.rows):
        import musiq.reproduce.classical  # noqa: F401  its extra is missed now rather than after hours
    trained = [row for row in experiment.rows if row.recipe is not None]
    runs: dict[str, list[Predictions]] = {row.label: [] for row in experiment.rows}
    for row, seed in _announce(experiment.name, [(row, seed) for seed in seeds for row in trained]):
        runs[row.label] += finish_run(replace(_recipe(row, setting), seed=seed), data, [data], workshop)
    costs = {row.label: _cost(_recipe(row, setting), data, workshop, seeds[0]) for row in trained}
    for row in experiment.rows:
        if row.mean_of:
            runs[row.label] = _average([runs[label] for label in row.mean_of])
            costs[row.label] = Cost.sum_of([costs[label] for label in row.mean_of])
        elif row.classical is not None:
            runs[row.label] = [_classical(row.classical, data, workshop)]
    return [_outcome(row, runs[row.label], costs.get(row.label), setting, data) for row in experiment.rows]


def _announce(name: str, plan: Sequence[tuple[Row, int]]) -> Iterator[tuple[Row, int]]:
    """Each run of the plan, announced with the time that is left for the others."""
    started = time.monotonic()
    for index, (row, seed) in enumerate(plan):
        left = (time.monotonic() - started) / index * (len(plan) - index) if index else None
        eta = "" if left is None else f", ETA {left:.0f} s"
        say(f"{name}: run {index + 1} of {len(plan)}{eta}: {row.label}, seed {seed}")
        yield row, seed


def _recipe(row: Row, setting: Setting) -> Recipe:
    assert row.recipe is not None
    return row.recipe(setting)


def _cost(recipe: Recipe, data: DataSet, workshop: Workshop, seed: int) -> Cost:
    """Of the first test image."""
    network = open_run(replace(recipe, seed=seed), data, workshop)
    return measure_cost(network, recipe.patches, rated_records(data, ("test",))[0].pixels())


def _average(rows: Sequence[Sequence[Predictions]]) -> list[Predictions]:
    """The mean scores of several rows, seed by seed."""
    return [
        replace(runs[0], path=Path("mean"), scores=np.mean([run.scores for run in runs], axis=0))
        for runs in zip(*rows, strict=True)
    ]


def _classical(method: str, data: DataSet, workshop: Workshop) -> Predictions:
    from musiq.reproduce.classical import classical_scores  # an extra of its own

    train = [record for record in data.records if record.split == "train"]
    test = rated_records(data, ("test",))
    scores = classical_scores(method, train, test, seed=0, cache=workshop.out / "classical")
    rated = np.array([record.mos for record in test])
    return Predictions(Path(method), tuple(record.name for record in test), rated, scores)


def _outcome(row: Row, runs: Sequence[Predictions], cost: Cost | None, setting: Setting, data: DataSet) -> Outcome:
    if row.recipe is None:
        return Outcome(row, row.classical or "mean of their scores", tuple(runs), cost)
    paper = make_setting("paper", data.name, setting.base.task == "distribution")
    return Outcome(row, row.recipe(setting).name, tuple(runs), cost, parameter_count(row.recipe(paper).model))


def by_label(outcomes: Sequence[Outcome]) -> Mapping[str, Outcome]:
    """Outcomes by the label of their row."""
    return {outcome.row.label: outcome for outcome in outcomes}
