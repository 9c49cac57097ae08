"""The page of an experiment: the paper's figures beside ours, costs, and a verdict on each claim."""

import csv
import io
from collections.abc import Sequence

import numpy as np

from musiq.data.record import DataSet
from musiq.evaluate.predictions import rated_records
from musiq.evaluate.resampling import Spread
from musiq.evaluate.table import markdown_rows, markdown_table
from musiq.reproduce.carry_out import Outcome, by_label
from musiq.reproduce.claims import judge, order_agreement, plccs, srccs
from musiq.reproduce.experiment import Experiment
from musiq.reproduce.setting import Setting

COLUMNS = ("row of the paper", "here", "runs", "SRCC", "PLCC", "SRCC (paper)", "PLCC (paper)")
COSTS = ("row of the paper", "tokens", "GFLOPs", "parameters", "ms", "parameters at the paper's scale")


def write_page(experiment: Experiment, outcomes: Sequence[Outcome], data: DataSet, setting: Setting) -> str:
    """The page as Markdown."""
    counts = [sum(record.split == split for record in data.records) for split in ("train", "val", "test")]
    parts = [
        f"### {experiment.title}\n",
        f"{data.name}, scale `{setting.name}`: {counts[0]} training, {counts[1]} validation, {counts[2]} test images. "
        f"The paper's figures are of {experiment.paper_data}. Mean ± standard deviation over runs.\n",
        _effort(outcomes),
        _quoted(outcomes, data),
        markdown_rows(COLUMNS, [_row(outcome) for outcome in outcomes], left=2),
        _order(outcomes),
        _verdicts(experiment, outcomes),
        f"One image of {_size(data)} px costs:\n",
        markdown_rows(COSTS, [_cost_row(outcome) for outcome in outcomes if outcome.cost is not None], left=1),
    ]
    return "\n".join(part for part in parts if part)


def write_predictions_table(outcomes: Sequence[Outcome]) -> str:
    """All predictions as one CSV: image, mos, and a column per run, named `row, seed`."""
    runs = [
        (f"{outcome.row.label}, seed {run.facts.get('seed', index)}", run)
        for outcome in outcomes
        for index, run in enumerate(outcome.runs)
    ]
    first, text = runs[0][1], io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", "mos", *(name for name, _ in runs)])
    scores = np.stack([run.scores for _, run in runs], axis=1)
    for image, mos, row in zip(first.images, first.mos, scores, strict=True):
        writer.writerow([image, f"{mos:.6g}", *(f"{score:.7g}" for score in row)])
    return text.getvalue()


def _effort(outcomes: Sequence[Outcome]) -> str:
    """How many networks were trained, how long, on what."""
    trained = [run.facts for outcome in outcomes if not outcome.row.mean_of for run in outcome.runs if run.facts]
    seeds = ", ".join(map(str, sorted({facts["seed"] for facts in trained})))
    machines = "; ".join(sorted({facts["hardware"] for facts in trained}))
    minutes = sum(facts["training_s"] for facts in trained) / 60
    return f"{len(trained)} runs, seeds {seeds}, {minutes:.0f} minutes of training in all; {machines}.\n"


def _quoted(outcomes: Sequence[Outcome], data: DataSet) -> str:
    """The paper's own table on the same data set, ours below, where it has one."""
    if data.name not in ("paq2piq", "koniq10k", "spaq", "ava") or any(o.row.srcc is not None for o in outcomes):
        return ""
    files = [run for outcome in outcomes for run in outcome.runs]
    labels = [outcome.row.label for outcome in outcomes for _ in outcome.runs]
    return markdown_table(files, labels, data.name)


def _row(outcome: Outcome) -> list[str]:
    paper = (outcome.row.srcc, outcome.row.plcc)
    figures = [_spread(srccs(outcome)), _spread(plccs(outcome))]
    quoted = ["-" if value is None else f"{value:.3f}" for value in paper]
    return [outcome.row.label, f"`{outcome.here}`", str(len(outcome.runs)), *figures, *quoted]


def _spread(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.3f}"
    spread = Spread.over(values)
    return f"{spread.mean:.3f} ± {spread.std:.3f}"


def _order(outcomes: Sequence[Outcome]) -> str:
    found = order_agreement(outcomes)
    return "" if found is None else f"The paper's order of {found[1]} rows and ours agree with SRCC {found[0]:.2f}.\n"


def _verdicts(experiment: Experiment, outcomes: Sequence[Outcome]) -> str:
    rows = [
        [
            verdict.claim.words,
            "-" if verdict.paper is None else f"{verdict.paper:+.3f}",
            f"{verdict.here:+.3f}",
            "-" if verdict.p is None else f"{verdict.p:.3f}",
            verdict.words,
        ]
        for verdict in judge(experiment, by_label(outcomes))
    ]
    header = ("claim of the paper", "its difference in SRCC", "here", "p over seeds", "here it")
    return markdown_rows(header, rows, left=1)


def _cost_row(outcome: Outcome) -> list[str]:
    cost, paper = outcome.cost, outcome.paper_parameters
    assert cost is not None
    cells = [str(cost.tokens), f"{cost.flops / 1e9:.2f}", f"{cost.parameters / 1e6:.2f} M", f"{cost.milliseconds:.0f}"]
    return [outcome.row.label, *cells, "-" if paper is None else f"{paper / 1e6:.1f} M"]


def _size(data: DataSet) -> str:
    height, width = rated_records(data, ("test",))[0].pixels().shape[:2]
    return f"{width} x {height}"
