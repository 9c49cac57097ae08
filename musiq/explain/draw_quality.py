"""Draws where a photo is good and where it is not: the photo, then each scale's map over it."""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musiq.errors import MissingExtraError
from musiq.explain.maps import QualityMaps, ScaleMap
from musiq.pictures import save_figure
from musiq.scores import Score

try:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle
except ImportError:
    raise MissingExtraError("drawing maps", "explain") from None

from musiq.explain.panels import View, add_bar, at_most, draw_photo, open_panels, tinted

NEUTRAL = "as this photo's median"
WORST, BEST = "#ff8c00", "#808080"  # orange and grey differ in every kind of colour blindness; grey leaves the photo


def draw_quality(image: NDArray[np.uint8], maps: QualityMaps, path: Path, caption: str = "") -> None:
    """Writes the figure of `quality_figure`; the suffix of `path` says the format.

    Raises:
        ValueError: a format that matplotlib lacks.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a caption in letters that the font lacks has boxes in their place
        save_figure(quality_figure(image, maps, caption), path, dpi=150)


def quality_figure(image: NDArray[np.uint8], maps: QualityMaps, caption: str = "") -> Figure:
    """A row of panels: the photo, then once per scale, small to large, the worse the more orange.

    Each panel has its own colours. The worst region of each scale is framed.

    Args:
        image: uint8 `(H, W, 3)` sRGB.
        maps: of that photo.
        caption: a line above the score.
    """
    height, width = image.shape[:2]
    figure, grid = open_panels([View(0, width, height, 0).widened()], 1 + len(maps.scales))
    draw_photo(grid[0, 0], image)
    grid[0, 0].set_title("\n".join(filter(None, (caption, _say(maps.score)))), fontsize=9, parse_math=False)
    for panel, scale in zip(grid[0, 1:], maps.scales, strict=True):
        _draw_scale(panel, image, scale, maps)
    return figure


def _say(score: Score) -> str:
    return f"score {score.text(score.mos)}" + (f", {score.band}" if score.band else "")


def _draw_scale(panel: Axes, image: NDArray[np.uint8], scale: ScaleMap, maps: QualityMaps) -> None:
    (height, width), score, heat = image.shape[:2], maps.score, _heat(maps, scale)
    panel.imshow(_overlay(image, scale, heat), extent=(0, width, height, 0))
    worst = scale.worst(score.higher_is_better)
    place, size = (worst.left * width, worst.top * height), (worst.right - worst.left, worst.bottom - worst.top)
    for colour, line in (("black", 3.0), ("white", 1.5)):
        frame = Rectangle(place, size[0] * width, size[1] * height, fill=False, edgecolor=colour, linewidth=line)
        panel.add_patch(frame)
    which = "as scored" if scale is maps.scales[maps.shown] else "shrunk"
    panel.set_title(f"{which}, {scale.caption}\nframed: the worst, {score.text(worst.value)}", fontsize=9)
    low, high = maps.colour_range(scale)
    words = ("worse", NEUTRAL) if score.higher_is_better else (NEUTRAL, "worse")
    bar = add_bar(panel, heat, {low: f"{score.text(low)} ({words[0]})", high: f"{score.text(high)} ({words[1]})"})
    if not score.higher_is_better:
        bar.invert_xaxis()
    first, last = bar.get_xticklabels()[:: 1 if score.higher_is_better else -1]
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")


def _overlay(image: NDArray[np.uint8], scale: ScaleMap, heat: ScalarMappable) -> NDArray[np.uint8]:
    """The map's colours, which the photo makes lighter and darker."""
    image = at_most(image)
    colours = heat.to_rgba(scale.regions.spread(scale.values, image.shape[:2]), bytes=True)[..., :3]
    return tinted(colours, image)


def _heat(maps: QualityMaps, scale: ScaleMap) -> ScalarMappable:
    ends = [WORST, BEST] if maps.score.higher_is_better else [BEST, WORST]
    return ScalarMappable(Normalize(*maps.colour_range(scale)), LinearSegmentedColormap.from_list("quality", ends))
