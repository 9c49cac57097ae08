"""Draws what becomes of a score when the photo is changed: a panel for each change."""

from collections.abc import Sequence
from pathlib import Path

from musiq.errors import MissingExtraError
from musiq.explain.sensitivity import Curve
from musiq.pictures import save_figure

try:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
except ImportError:
    raise MissingExtraError("drawing curves", "explain") from None

COLUMNS = 2
INCHES = (3.8, 2.4)  # of a panel
QUARTER = 90  # degrees: such turns are no part of the line of small ones


def draw_sensitivity(curves: Sequence[Curve], path: Path) -> None:
    """Writes the figure of `sensitivity_figure`; the suffix of `path` says the format."""
    save_figure(sensitivity_figure(curves), path, dpi=100)


def sensitivity_figure(curves: Sequence[Curve]) -> Figure:
    """A panel for each curve, all with the same scores at the left; a dashed line is the photo as it is.

    Raises:
        ValueError: no curves.
    """
    if not curves:
        raise ValueError("there is nothing to draw: no curves")
    rows = -(-len(curves) // COLUMNS)
    figure = Figure(figsize=(INCHES[0] * COLUMNS, INCHES[1] * rows), layout="constrained")
    grid = list(figure.subplots(rows, COLUMNS, squeeze=False, sharey=True).flat)
    for panel, curve in zip(grid, curves, strict=False):
        _draw(panel, curve)
    for panel in grid[len(curves) :]:
        panel.set_axis_off()
    return figure


def _draw(panel: Axes, curve: Curve) -> None:
    places = range(len(curve.values))
    turns = [place for place in places if curve.change == "rotate" and abs(curve.values[place]) >= QUARTER]
    steady = [place for place in places if place not in turns]
    panel.axhline(curve.unchanged, color="#808080", linestyle="--", linewidth=1)
    panel.plot(steady, [curve.scores[place] for place in steady], marker="o", color="#1f77b4")
    panel.plot(turns, [curve.scores[place] for place in turns], marker="s", linestyle="", color="#1f77b4")
    panel.set_xticks(list(places), [f"{value:g}" for value in curve.values])
    panel.set_xlabel(curve.label)
    panel.set_ylabel("score")
    panel.grid(alpha=0.3)
