"""Cross-data-set evaluation: trained on A, tested on B."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from musiq.data.record import DataSet
from musiq.evaluate.correlations import agreement
from musiq.evaluate.table import markdown_rows
from musiq.progress import say
from musiq.reproduce.runs import Workshop, finish_run
from musiq.reproduce.setting import Setting

Matrix = dict[tuple[str, str], list[float]]


def cross_evaluate(
    sets: Sequence[DataSet], settings: Sequence[Setting], workshop: Workshop, seeds: Sequence[int]
) -> Matrix:
    """SRCC of MUSIQ (full, 384, 224) by (trained on, tested on), one per seed."""
    found: Matrix = {}
    plan = [(seed, data, setting) for seed in seeds for data, setting in zip(sets, settings, strict=True)]
    for index, (seed, data, setting) in enumerate(plan):
        say(f"matrix: run {index + 1} of {len(plan)}: {data.name}, seed {seed}")
        runs = finish_run(replace(setting.musiq(224, 384), seed=seed), data, sets, workshop)
        for tested, run in zip(sets, runs, strict=True):
            found.setdefault((data.name, tested.name), []).append(agreement(run.scores, run.mos).srcc)
    return found


def write_matrix(matrix: Matrix) -> str:
    """A Markdown table: a row per training set, a column per test set."""
    names = list(dict.fromkeys(trained for trained, _ in matrix))
    rows = [[name, *(_cell(matrix[name, tested]) for tested in names)] for name in names]
    return markdown_rows(("trained on", *(f"tested on {name}" for name in names)), rows, left=1)


def _cell(values: Sequence[float]) -> str:
    return f"{np.mean(values):.3f}" + (f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else "")
