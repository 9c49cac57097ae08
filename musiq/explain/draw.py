"""Draws attention over photos (the paper's Figure 4): the photo, then each scale's weights over it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from musiq.errors import MissingExtraError
from musiq.patches import padded_grid
from musiq.pictures import save_figure

try:
    from matplotlib import colormaps
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle
except ImportError:
    raise MissingExtraError("drawing attention", "explain") from None

from musiq.explain.panels import View, add_bar, draw_photo, open_panels, tinted

if TYPE_CHECKING:
    from musiq.explain.attention import AttentionMaps

DARKEST, BRIGHTEST = 0.17, 0.9  # part of the colour map: beyond, the photo would not show

Row = tuple[NDArray[np.uint8], "AttentionMaps", str]


def draw_attention(rows: Sequence[Row], path: Path) -> None:
    """Writes the figure of `attention_figure`; the suffix of `path` says the format.

    Args:
        rows: as there.
        path: `.jpg`, `.png`, `.svg`, or what else matplotlib writes.

    Raises:
        ValueError: no rows, or a format that matplotlib lacks.
    """
    save_figure(attention_figure(rows), path, dpi=150)


def attention_figure(rows: Sequence[Row]) -> Figure:
    """A row of panels for each photo: the photo, then once per scale, small to large, under its attention.

    A patch's colour is its weight over the even share, which each token had if all got the same. Each panel has its own
    colours, from 0 to its scale's largest. A white frame is the photo's edge; patches of the border reach beyond it,
    into the padding, and are paler there.

    Args:
        rows: photo, uint8 `(H, W, 3)`; its attention; caption.

    Raises:
        ValueError: no rows.
    """
    if not rows:
        raise ValueError("there is no attention to draw: rows is empty")
    columns = 1 + max(len(maps.maps) for _, maps, _ in rows)
    figure, grid = open_panels([_view(image, maps) for image, maps, _ in rows], columns)
    for panels, row in zip(grid, rows, strict=True):
        _draw_row(panels, *row)
    return figure


def _draw_row(panels: Sequence[Axes], image: NDArray[np.uint8], maps: "AttentionMaps", caption: str) -> None:
    draw_photo(panels[0], image)
    panels[0].set_title(f"{caption}\n{100 * maps.class_weight:.0f} % stays with the class token", fontsize=9)
    for scale, panel in enumerate(panels[1 : 1 + len(maps.maps)]):
        _draw_scale(panel, image, maps, scale)


def _draw_scale(panel: Axes, image: NDArray[np.uint8], maps: "AttentionMaps", scale: int) -> None:
    weights = maps.maps[scale]
    most = float(weights.max()) * maps.tokens
    heat = ScalarMappable(Normalize(0, most), _heat_colours())
    panel.imshow(_overlay(image, maps, scale, heat), extent=_extent(image, maps, scale))
    panel.add_patch(Rectangle((0, 0), image.shape[1], image.shape[0], fill=False, edgecolor="white"))
    patches = f"{max(maps.sizes[scale])} px: {weights.shape[0]} x {weights.shape[1]} patches"
    panel.set_title(f"{patches}\n{100 * maps.shares[scale]:.0f} % of the attention", fontsize=9)
    add_bar(panel, heat, _ticks(most))


def _overlay(image: NDArray[np.uint8], maps: "AttentionMaps", scale: int, heat: ScalarMappable) -> NDArray[np.uint8]:
    """A scale's patches in their colours with the photo in them, uint8 `(rows * P, columns * P, 3)`."""
    weights, side, (height, width) = maps.maps[scale], maps.patch_size, maps.sizes[scale]
    colours = heat.to_rgba(weights * maps.tokens, bytes=True)[..., :3]
    colours = colours.repeat(side, axis=0).repeat(side, axis=1)
    above, left = _padding(maps, scale)
    inside = np.s_[above : above + height, left : left + width]
    overlay = 255 - (255 - colours) // 2  # paler where there is padding
    overlay[inside] = tinted(colours[inside], image)
    return overlay


def _ticks(most: float) -> dict[float, str]:
    ticks = {} if most > 6 else {0.0: "0"}  # would hide 1
    ticks |= {1.0: "even share"} if most > 1.3 else {}  # would hide the largest
    return ticks | {most: f"{most:.1f} x"}


def _heat_colours() -> ListedColormap:
    return ListedColormap(colormaps["inferno"](np.linspace(DARKEST, BRIGHTEST, 256)))


def _extent(image: NDArray[np.uint8], maps: "AttentionMaps", scale: int) -> View:
    """Where a scale's grid lies on the photo."""
    (rows, columns), (height, width), side = maps.maps[scale].shape, maps.sizes[scale], maps.patch_size
    above, left = _padding(maps, scale)
    down, across = image.shape[0] / height, image.shape[1] / width  # px of the photo in one of the scale
    return View(-left * across, (columns * side - left) * across, (rows * side - above) * down, -above * down)


def _padding(maps: "AttentionMaps", scale: int) -> tuple[int, int]:
    """Padding above and left of a scale's image in px: the smaller half, as `musiq.patches` cuts it."""
    _, _, above, left = padded_grid(*maps.sizes[scale], maps.patch_size)
    return above, left


def _view(image: NDArray[np.uint8], maps: "AttentionMaps") -> View:
    """The rectangle that holds the photo and the grids of all its scales, neither too flat nor too tall."""
    extents = np.array([_extent(image, maps, scale) for scale in range(len(maps.maps))])
    (left, _, _, top), (_, right, bottom, _) = extents.min(axis=0), extents.max(axis=0)
    return View(left, right, bottom, top).widened()
