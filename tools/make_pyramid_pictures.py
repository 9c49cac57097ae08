"""Draws how a photo becomes patches and where they lie (paper sections 3.1 and 3.2), for docs/how-it-works.md.

    pip install matplotlib && python tools/make_pyramid_pictures.py examples/china.jpg --out docs/how-it-works

`pyramid.jpg` has the scales of the published preprocessing with their patches and padding, `cells.jpg` the hash cells
of the smallest scale and of the photo itself. Sizes, padding and cells are those that musiq computes.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from musiq.image import load_image
from musiq.patches import PatchConfig, hash_cells, padded_grid, pyramid_sizes
from musiq.pictures import save_figure
from musiq.resize import resize

CONFIG = PatchConfig()  # of the published checkpoints
INK, PAPER, EDGE = "#202020", "#fbfbfb", "#ff8c00"  # an own background: readable on light pages and on dark ones
MARKED = {22: "#ff8c00", 48: "#1e88e5", 85: "#d81b60"}  # cells that both scales have patches in, and their colours
DPI = 130


@dataclass(frozen=True)
class Scale:
    """One scale of a pyramid, its photo on the grey that pads its border patches.

    Attributes:
        canvas: float32 `(rows * P, columns * P, 3)` in [0, 1].
        size: (height, width) of the photo in px.
        rows: of patches.
        columns: of patches.
        top: padding above the photo in px.
        left: padding to its left.
    """

    canvas: NDArray[np.float32]
    size: tuple[int, int]
    rows: int
    columns: int
    top: int
    left: int

    @classmethod
    def of(cls, image: NDArray[np.uint8], size: tuple[int, int]) -> "Scale":
        """The scale of this (height, width) of an image, uint8 `(H, W, 3)`."""
        rows, columns, top, left = padded_grid(*size, CONFIG.patch_size)
        canvas = np.full((rows * CONFIG.patch_size, columns * CONFIG.patch_size, 3), 0.5, np.float32)
        pixels = (resize(image, size, CONFIG.profile).transpose(1, 2, 0) + 1) / 2
        canvas[top : top + size[0], left : left + size[1]] = pixels.clip(0, 1)
        return cls(canvas, size, rows, columns, top, left)

    def patch_box(self, patch: int) -> tuple[int, int]:
        """Left and top of a patch, by its raster index, in px of the canvas."""
        row, column = divmod(patch, self.columns)
        return column * CONFIG.patch_size, row * CONFIG.patch_size


def pyramid_figure(scales: list[Scale]) -> Figure:
    """The scales beside one another, all pixels of one size, with the borders of their patches and of the photo."""
    widths = [scale.canvas.shape[1] for scale in scales]
    figure, panels = _open(widths, (10.4, 4.5))
    for number, (panel, scale) in enumerate(zip(panels, scales, strict=True)):
        _draw(panel, scale, "white")
        (height, width), (tall, _, _) = scale.size, scale.canvas.shape
        panel.add_patch(Rectangle((scale.left, scale.top), width, height, fill=False, edgecolor=EDGE, linewidth=1.6))
        below = tall - height - scale.top
        name = "the photo itself" if number == len(scales) - 1 else f"longer side {max(scale.size)} px"
        panel.set_title(
            f"scale {number}: {name}\n{width} x {height} px\n"
            f"{scale.columns} x {scale.rows} = {scale.columns * scale.rows} patches\n"
            f"padding {scale.top} px above,\n{below} px below",
            fontsize=9,
            color=INK,
            loc="left",
        )
        panel.set_anchor("NW")
    return figure


def cells_figure(scales: list[Scale]) -> Figure:
    """The scales at one width, the number of the hash cell in each patch or group of patches; some cells coloured."""
    figure, panels = _open([1] * len(scales), (10.4, 4.3))
    for panel, scale in zip(panels, scales, strict=True):
        _draw(panel, scale, "#707070", lightened=0.65)
        cells = hash_cells(scale.rows, scale.columns, CONFIG.grid_size)
        for cell in np.unique(cells):
            _draw_cell(panel, scale, cell, np.flatnonzero(cells == cell))
        height, width = scale.size
        panel.set_title(
            f"{width} x {height} px: {scale.columns} x {scale.rows} patches in {len(np.unique(cells))} cells",
            fontsize=9,
            color=INK,
        )
    return figure


def _draw_cell(panel: Axes, scale: Scale, cell: int, patches: NDArray[np.intp]) -> None:
    """A frame around the patches of a cell, and its number."""
    corners = np.array([scale.patch_box(patch) for patch in patches])
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0) + CONFIG.patch_size
    colour = MARKED.get(cell)
    frame = Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=INK, linewidth=1.6)
    panel.add_patch(frame)
    if colour:
        panel.add_patch(Rectangle((left, top), right - left, bottom - top, facecolor=colour, alpha=0.75, zorder=3))
    panel.text(
        (left + right) / 2, (top + bottom) / 2, str(cell), ha="center", va="center", fontsize=8, zorder=4,
        color="white" if colour else INK, fontweight="bold" if colour else "normal",
        bbox=None if colour else {"facecolor": PAPER, "alpha": 0.8, "linewidth": 0, "pad": 0.6},
    )  # fmt: skip


def _open(widths: list[int], size: tuple[float, float]) -> tuple[Figure, NDArray[np.object_]]:
    """A figure with a panel for each width, without axes."""
    figure, panels = plt.subplots(1, len(widths), figsize=size, width_ratios=widths, layout="constrained")
    figure.set_facecolor(PAPER)
    for panel in panels:
        panel.set_axis_off()
    return figure, panels


def _draw(panel: Axes, scale: Scale, borders: str, lightened: float = 0.0) -> None:
    """The photo on its padding, with the borders of patches in that colour."""
    height, width, _ = scale.canvas.shape
    panel.imshow(scale.canvas * (1 - lightened) + lightened, extent=(0, width, height, 0), interpolation="lanczos")
    panel.hlines(np.arange(scale.rows + 1) * CONFIG.patch_size, 0, width, color=borders, linewidth=0.6)
    panel.vlines(np.arange(scale.columns + 1) * CONFIG.patch_size, 0, height, color=borders, linewidth=0.6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    image = load_image(options.photo).pixels
    scales = [Scale.of(image, size) for size in pyramid_sizes(image.shape[0], image.shape[1], CONFIG)]
    options.out.mkdir(parents=True, exist_ok=True)
    save_figure(pyramid_figure(scales), options.out / "pyramid.jpg", dpi=DPI)
    save_figure(cells_figure([scales[0], scales[-1]]), options.out / "cells.jpg", dpi=DPI)


if __name__ == "__main__":
    main()
