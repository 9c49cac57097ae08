"""Cross-data-set evaluation: MUSIQ (full, 384, 224) trained on A, tested on B."""

from collections.abc import Sequence
from dataclasses import replace

from musiq.data.record import DataSet
from musiq.evaluate.correlations import agreement
from musiq.evaluate.files import Predictions
from musiq.evaluate.resampling import Spread
from musiq.evaluate.table import markdown_rows
from musiq.reproduce.report import describe_runs
from musiq.reproduce.runs import Run, finish_runs
from musiq.reproduce.setting import Setting
from musiq.reproduce.workshop import Workshop

Matrix = dict[tuple[str, str], list[Predictions]]


def cross_evaluate(
    sets: Sequence[DataSet], settings: Sequence[Setting], workshop: Workshop, seeds: Sequence[int]
) -> Matrix:
    """Predictions by (trained on, tested on), one file per seed."""
    runs = [
        Run(f"trained on {data.name}", replace(setting.musiq(224, 384), seed=seed), data, tuple(sets))
        for seed in seeds
        for data, setting in zip(sets, settings, strict=True)
    ]
    found: Matrix = {}
    for run, predictions in zip(runs, finish_runs("matrix", runs, workshop), strict=True):
        for tested, file in zip(sets, predictions, strict=True):
            found.setdefault((run.trained.name, tested.name), []).append(file)
    return found


def write_matrix(matrix: Matrix, scale: str, command: str) -> str:
    """The page as Markdown: SRCC with a row per training set and a column per test set."""
    names = list(dict.fromkeys(trained for trained, _ in matrix))
    rows = [[name, *(_cell(matrix[name, tested]) for tested in names)] for name in names]
    effort = [f"- {name}: {describe_runs(matrix[name, name])}" for name in names]
    parts = [
        "### Trained on one data set, tested on another\n",
        f"`{command}`\n" if command else "",
        f"SRCC of MUSIQ (full, 384, 224) at scale `{scale}`, mean ± standard deviation over seeds:\n",
        markdown_rows(("trained on", *(f"tested on {name}" for name in names)), rows, left=1),
        *effort,
    ]
    return "\n".join(part for part in parts if part) + "\n"


def write_matrix_predictions(matrix: Matrix) -> str:
    """All predictions as CSV: trained on, tested on, seed, image, mos, score."""
    lines = ["trained_on,tested_on,seed,image,mos,score"]
    for (trained, tested), files in matrix.items():
        for file in files:
            lines += [
                f'{trained},{tested},{file.facts["seed"]},"{image}",{mos:.6g},{score:.7g}'
                for image, mos, score in zip(file.images, file.mos, file.scores, strict=True)
            ]
    return "\n".join(lines) + "\n"


def _cell(files: Sequence[Predictions]) -> str:
    values = [agreement(file.scores, file.mos).srcc for file in files]
    if len(values) == 1:
        return f"{values[0]:.3f}"
    spread = Spread.over(values)
    return f"{spread.mean:.3f} ± {spread.std:.3f}"
