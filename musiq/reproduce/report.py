"""The page of a table: the paper's figures beside ours, costs, and a verdict on each claim."""

import csv
import io
from collections.abc import Sequence

import numpy as np

from musiq.evaluate.files import Predictions
from musiq.evaluate.paper import find_table
from musiq.evaluate.resampling import Spread
from musiq.evaluate.table import markdown_rows, markdown_table
from musiq.reproduce.carry_out import Outcome, by_label
from musiq.reproduce.claims import judge, order_agreement, plccs, srccs
from musiq.reproduce.experiment import Experiment

COLUMNS = ("row of the paper", "here", "runs", "SRCC", "PLCC", "SRCC (paper)", "PLCC (paper)")


def write_page(experiment: Experiment, outcomes: Sequence[Outcome], data: str, scale: str, command: str) -> str:
    """The page as Markdown.

    Args:
        data: name of the data set.
        scale: name of the setting.
        command: that made it; empty if unknown.
    """
    quoted = any(outcome.row.srcc is not None for outcome in outcomes)
    parts = [
        f"### {experiment.title}\n",
        f"`{command}`\n" if command else "",
        f"{data} at scale `{scale}`. " + describe_runs([run for outcome in outcomes for run in outcome.runs]) + "\n",
        f"The paper's figures are of {experiment.paper_data}. Ours are means ± standard deviations over seeds.\n"
        if quoted
        else "",
        _quoted(experiment, outcomes, data),
        markdown_rows(COLUMNS, [_row(outcome) for outcome in outcomes], left=2),
        _order(outcomes),
        _verdicts(experiment, outcomes),
        _costs(outcomes),
    ]
    return "\n".join(part for part in parts if part)


def describe_runs(runs: Sequence[Predictions]) -> str:
    """How many networks were trained on how many images, how long, on what."""
    facts = list({(run.facts["recipe"], run.facts["seed"]): run.facts for run in runs if run.facts}.values())
    images = sorted({(one["images"]["train"], one["images"]["val"]) for one in facts})
    counts = " or ".join(f"{train:,} training and {val:,} validation" for train, val in images)
    seeds = ", ".join(map(str, sorted({one["seed"] for one in facts})))
    machines = "; ".join(sorted({one["hardware"] for one in facts}))
    minutes = sum(one["training_s"] for one in facts) / 60
    return (
        f"{counts} images, {len(runs[0].images):,} test images; {len(facts)} runs with seeds {seeds}, "
        f"{minutes:.0f} minutes of training in all ({machines})."
    )


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
        writer.writerow([image, f"{mos:.6g}", *(f"{score:.9g}" for score in row)])  # as predictions.csv: float32, whole
    return text.getvalue()


def _quoted(experiment: Experiment, outcomes: Sequence[Outcome], data: str) -> str:
    """For Tables 1 to 4 the paper's whole table on the same data set, ours below, where it has one."""
    if experiment.name != "tables1-4" or find_table(data) is None:
        return ""
    files = [run for outcome in outcomes for run in outcome.runs]
    labels = [outcome.row.label for outcome in outcomes for _ in outcome.runs]
    return markdown_table(files, labels, data)


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
            _chance(verdict.p),
            verdict.words,
        ]
        for verdict in judge(experiment, by_label(outcomes))
    ]
    header = ("claim of the paper", "its difference in SRCC", "here", "p over seeds", "here it")
    return markdown_rows(header, rows, left=1)


def _chance(p: float | None) -> str:
    if p is None:
        return "-"
    return f"{p:.3f}" if p >= 0.001 or p != p else "< 0.001"


def _costs(outcomes: Sequence[Outcome]) -> str:
    cost = next(outcome.cost for outcome in outcomes if outcome.cost is not None)
    header = ["row of the paper", "starts from", "tokens", "GFLOPs", "parameters", "ms"]
    header += ["parameters at scale `paper`", "parameters (paper)"]
    rows = [_cost_row(outcome) for outcome in outcomes if outcome.cost is not None]
    size, threads = f"{cost.size[1]} x {cost.size[0]} px", f"{cost.threads} thread{'s' * (cost.threads > 1)}"
    return f"One image of {size} costs (time on a CPU, {threads}):\n\n" + markdown_rows(header, rows, left=2)


def _cost_row(outcome: Outcome) -> list[str]:
    cost, paper = outcome.cost, outcome.paper_parameters
    assert cost is not None
    cells = [str(cost.tokens), f"{cost.flops / 1e9:.2f}", f"{cost.parameters / 1e6:.2f} M", f"{cost.milliseconds:.0f}"]
    start = str(outcome.runs[0].facts.get("starts_from", "-"))
    printed = outcome.row.parameters or "-"
    return [outcome.row.label, start, *cells, "-" if paper is None else f"{paper / 1e6:.1f} M", printed]
