"""Values of a photo's regions at each scale, and what they say together."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from musiq.explain.regions import Regions, patch_regions
from musiq.patches import PatchConfig, pyramid_sizes
from musiq.scores import Score

EVEN = 0.05  # of the rating scale: where no region is further below the median, none stands out as worse
NARROWEST = 0.3  # of the rating scale: colours of a photo that is much the same all over span this


class Region(NamedTuple):
    """One region of a map and its value; the sides are fractions of the photo's width and height."""

    row: int
    column: int
    value: float
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class ScaleMap:
    """Values of the regions of one scale.

    Attributes:
        values: float64 `(rows, columns)`.
        regions: where they lie.
        longest_px: longer side of the scale's image.
        caption: what the map is of.
    """

    values: NDArray[np.float64]
    regions: Regions
    longest_px: int
    caption: str

    @property
    def median(self) -> float:
        return float(np.median(self.values))

    def worst(self, higher_is_better: bool = True) -> Region:
        """The region with the worst value, the first of several."""
        place = self.values.argmin() if higher_is_better else self.values.argmax()
        row, column = (int(index) for index in np.unravel_index(place, self.values.shape))
        top, left, bottom, right = self.regions.box(row, column)
        return Region(row, column, float(self.values[row, column]), left, top, right, bottom)


@dataclass(frozen=True)
class QualityMaps:
    """Local quality of one photo.

    Attributes:
        scales: a map for each scale of the pyramid, small to large, in points of the score; the median of each is the
            score of the photo, and other values are as far from it as the network says.
        score: of the whole photo.
    """

    scales: tuple[ScaleMap, ...]
    score: Score

    @property
    def shown(self) -> int:
        """Index of the map that is shown if only one is: the last, of the native photo, shows best what is spoiled."""
        return len(self.scales) - 1

    @property
    def worst(self) -> Region:
        """The worst region of the map that is shown."""
        return self.scales[self.shown].worst(self.score.higher_is_better)

    @property
    def even(self) -> bool:
        """Whether no region of the map that is shown stands out as worse; unknown, and False, without a rating scale.

        Photos blurred, noisy or compressed all over are so, and sharp ones of which half is a soft background.
        """
        shown = self.scales[self.shown]
        if self.score.low is None or self.score.high is None or shown.values.size == 1:
            return False
        return abs(self.worst.value - shown.median) < EVEN * (self.score.high - self.score.low)

    def colour_range(self, scale: ScaleMap) -> tuple[float, float]:
        """Lowest and highest value that colours of a map should tell apart: from the worst to the median, so that half
        of a photo always has the colour of what is good; never the same number."""
        known = self.score.low is not None and self.score.high is not None
        least = NARROWEST * (self.score.high - self.score.low) if known else 1e-6  # type: ignore[operator]
        median, worst = scale.median, scale.worst(self.score.higher_is_better).value
        away = max(least, abs(worst - median))
        return (median - away, median) if self.score.higher_is_better else (median, median + away)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON.

        `score` of the whole photo; `low`, `high` (None when the checkpoint does not say) and `higher_is_better` of its
        scale; `shown`, the index of the map to show first; `worst`, the worst region of that map; `scales`, small to
        large. Each has `longest_px`, `caption`, `colour_low` and `colour_high` (see `colour_range`), `rows`, `columns`,
        `values` (a list for each row; their median is the score), `row_spans` and `column_spans` (where rows and
        columns lie: first and last, as fractions of the height and the width; they tile the photo nearly evenly) and
        its own `worst`. A region has `row`, `column`, `value`, and `left`, `top`, `right`, `bottom` as fractions.
        """
        return {
            "score": self.score.mos,
            "low": self.score.low,
            "high": self.score.high,
            "higher_is_better": self.score.higher_is_better,
            "shown": self.shown,
            "worst": self.worst._asdict(),
            "scales": [self._describe(scale) for scale in self.scales],
        }

    def _describe(self, scale: ScaleMap) -> dict[str, Any]:
        low, high = self.colour_range(scale)
        rows, columns = scale.regions.shape
        return {
            "longest_px": scale.longest_px,
            "caption": scale.caption,
            "colour_low": low,
            "colour_high": high,
            "rows": rows,
            "columns": columns,
            "values": scale.values.tolist(),
            "row_spans": scale.regions.rows.tolist(),
            "column_spans": scale.regions.columns.tolist(),
            "worst": scale.worst(self.score.higher_is_better)._asdict(),
        }


def patch_maps(values: NDArray[np.float64], size: tuple[int, int], patches: PatchConfig) -> tuple[ScaleMap, ...]:
    """A map for each scale of an image of (height, width) px, from a value for each of its patches in order, `(L,)`."""
    sizes = pyramid_sizes(*size, patches)
    grids = [patch_regions(scale, patches.patch_size) for scale in sizes]
    parts = np.split(values, np.cumsum([math.prod(grid.shape) for grid in grids])[:-1])
    return tuple(
        ScaleMap(part.reshape(grid.shape), grid, max(scale), f"{max(scale)} px: patches")
        for part, grid, scale in zip(parts, grids, sizes, strict=True)
    )
