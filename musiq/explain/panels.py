"""Panels of photos in rows, with colours over them that hide nothing, and colour bars below."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from musiq.errors import MissingExtraError
from musiq.resize import preserved_size, shrink

try:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
except ImportError:
    raise MissingExtraError("drawing maps", "explain") from None

PANEL_INCHES = 3.2
TEXT_INCHES = 1.0  # a panel's title above it and its colour bar below
TALLEST, FLATTEST = 1.5, 0.3  # height of a panel over its width
LONGEST_PX = 960  # of a photo in a panel, which has about 480
RELIEF = 0.6  # how much of the photo's contrast shows through colours


class View(NamedTuple):
    """A rectangle in px of the photo, beyond its edges where negative or larger than it."""

    left: float
    right: float
    bottom: float
    top: float

    @property
    def aspect(self) -> float:
        """Height over width."""
        return (self.bottom - self.top) / (self.right - self.left)

    def widened(self) -> "View":
        """The rectangle with as much around it as makes it neither too flat nor too tall."""
        width, height = self.right - self.left, self.bottom - self.top
        beside, above = max(0, height / TALLEST - width) / 2, max(0, width * FLATTEST - height) / 2
        return View(self.left - beside, self.right + beside, self.bottom + above, self.top - above)


def open_panels(views: Sequence[View], columns: int) -> tuple[Figure, NDArray[np.object_]]:
    """A figure with a row of panels for each view, and its panels `(rows, columns)`, empty and without axes."""
    heights = [PANEL_INCHES * view.aspect + TEXT_INCHES for view in views]
    layout = ConstrainedLayoutEngine(h_pad=0.1, w_pad=0.08)
    figure = Figure(figsize=(PANEL_INCHES * columns, sum(heights)), layout=layout)
    grid = figure.subplots(len(views), columns, squeeze=False, height_ratios=heights)
    for panels, view in zip(grid, views, strict=True):
        for panel in panels:
            panel.set_axis_off()
            panel.set(xlim=(view.left, view.right), ylim=(view.bottom, view.top), aspect="equal")
    return figure, grid


def draw_photo(panel: Axes, image: NDArray[np.uint8]) -> None:
    """Draws the photo."""
    panel.imshow(at_most(image), extent=(0, image.shape[1], image.shape[0], 0))


def at_most(image: NDArray[np.uint8], longest_px: int = LONGEST_PX) -> NDArray[np.uint8]:
    """The photo, made smaller where its longer side is of more px: matplotlib holds each pixel as floats."""
    height, width = image.shape[:2]
    return image if max(height, width) <= longest_px else shrink(image, preserved_size(height, width, longest_px))


def tinted(colours: NDArray[np.uint8], image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colours that the photo makes lighter and darker, uint8 `(h, w, 3)`.

    A translucent layer would hide most where its colours matter most; this hides nothing.

    Args:
        colours: uint8 `(h, w, 3)`.
        image: the photo, of any size.
    """
    size = colours.shape[0], colours.shape[1]
    grey = np.asarray(Image.fromarray(shrink(image, size)).convert("L"), np.float32)
    return np.clip(colours + RELIEF * (grey[..., None] - 127.5), 0, 255).astype(np.uint8)


def add_bar(panel: Axes, heat: ScalarMappable, ticks: Mapping[float, str]) -> Axes:
    """Draws a colour bar below a panel."""
    view = View(*panel.get_xlim(), *panel.get_ylim())
    inch = 1 / (PANEL_INCHES * view.aspect)
    bar = panel.inset_axes((0.05, -0.22 * inch, 0.9, 0.08 * inch))
    panel.figure.colorbar(heat, cax=bar, orientation="horizontal")
    bar.set_xticks(list(ticks), list(ticks.values()), fontsize=8)
    return bar
