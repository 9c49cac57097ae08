"""Pictures in files that are the same each time they are drawn."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save_figure(figure: "Figure", path: Path, dpi: float | None = None) -> None:
    """Writes a figure, its format by suffix; an SVG without the date and the random names that would change it.

    Args:
        dpi: dots per inch; the figure's own if None.
    """
    from matplotlib import rc_context

    with rc_context({"svg.hashsalt": "musiq"}):
        figure.savefig(path, dpi=dpi or "figure", metadata={"Date": None} if path.suffix == ".svg" else None)
