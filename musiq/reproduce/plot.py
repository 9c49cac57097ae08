"""The rows of an experiment as a picture: SRCC here, run by run, and the paper's."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from musiq.pictures import save_figure
from musiq.reproduce.carry_out import Outcome
from musiq.reproduce.claims import srccs
from musiq.reproduce.experiment import Experiment

OURS, PAPER = "#1f77b4", "#7f7f7f"


def plot_rows(experiment: Experiment, outcomes: Sequence[Outcome], path: Path) -> None:
    """Writes the picture, format by suffix: each row's runs as dots, their mean as a bar, the paper's figure as a
    diamond on an axis of its own, for the data sets differ."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 0.6 + 0.42 * len(outcomes)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(outcomes))
    for place, outcome in zip(places, outcomes, strict=True):
        values = srccs(outcome)
        axes.plot(values, [place] * len(values), "o", color=OURS, alpha=0.6, markersize=5)
        axes.plot(np.mean(values), place, "|", color=OURS, markersize=16, markeredgewidth=2.5)
    axes.set_yticks(places, [outcome.row.label for outcome in outcomes])
    axes.set_ylim(len(outcomes) - 0.5, -0.5)
    axes.set_xlabel("SRCC here (dots: runs; bar: mean)", color=OURS)
    axes.grid(axis="x", alpha=0.3)
    quoted = [(outcome.row.srcc, place) for place, outcome in zip(places, outcomes, strict=True) if outcome.row.srcc]
    if quoted:
        above = axes.twiny()
        above.plot(*zip(*quoted, strict=True), "D", color=PAPER, markersize=5)
        above.set_xlabel(f"SRCC in the paper, on {experiment.paper_data}", color=PAPER)
    save_figure(figure, path)
