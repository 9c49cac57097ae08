"""Which parts of a photo are looked at, one after another: rectangles in rows and columns, the same at any size."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from musiq.patches import padded_grid

Span = tuple[int, int]


@dataclass(frozen=True)
class Regions:
    """Rectangles in rows and columns; those of neighbours may overlap.

    Attributes:
        rows: float64 `(rows, 2)`, top and bottom of each row as fractions of the photo's height.
        columns: float64 `(columns, 2)`, left and right of each column as fractions of its width.
    """

    rows: NDArray[np.float64]
    columns: NDArray[np.float64]

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), len(self.columns)

    @cached_property
    def area(self) -> NDArray[np.float64]:
        """Area of each region as a fraction of the photo's, `(rows, columns)`."""
        return self.overlap((0, 0, 1, 1))

    def overlap(self, box: tuple[float, float, float, float]) -> NDArray[np.float64]:
        """Area of each region within a box (top, left, bottom, right; fractions), `(rows, columns)`."""
        top, left, bottom, right = box
        return np.outer(_common(self.rows, top, bottom), _common(self.columns, left, right))

    def box(self, row: int, column: int) -> tuple[float, float, float, float]:
        """Top, left, bottom and right of a region, as fractions."""
        (top, bottom), (left, right) = self.rows[row].tolist(), self.columns[column].tolist()
        return top, left, bottom, right

    def spread(self, values: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
        """Values of the regions over an image: at each pixel the mean of the regions that hold its middle.

        Args:
            values: `(rows, columns)`.
            size: (height, width) in px.

        Returns:
            float64 `(height, width)`; NaN where no region is.
        """
        down, across = _holds(self.rows, size[0]), _holds(self.columns, size[1])
        counts = np.outer(down.sum(axis=0), across.sum(axis=0))
        with np.errstate(invalid="ignore"):
            return (down.T @ values @ across) / counts


def tile(size: tuple[int, int], along: int) -> tuple[list[Span], list[Span]]:
    """Rows and columns in px that an image of (height, width) px falls into: nearly square tiles, `along` of them along
    its longer side, or as many as it has pixels."""
    counts = (max(1, round(along * length / max(size))) for length in size)
    rows, columns = (_even(length, min(count, length)) for length, count in zip(size, counts, strict=True))
    return rows, columns


def _even(length: int, count: int) -> list[Span]:
    ends = [round(index * length / count) for index in range(count + 1)]
    return list(pairwise(ends))


def as_regions(rows: list[Span], columns: list[Span], size: tuple[int, int]) -> Regions:
    """Regions of spans in px of an image of this (height, width)."""
    return Regions(np.array(rows) / size[0], np.array(columns) / size[1])


def patch_regions(size: tuple[int, int], patch_size: int) -> Regions:
    """The patches of a scale of (height, width) px, as `musiq.patches` cuts them, without what is padding."""
    rows, columns, above, left = padded_grid(*size, patch_size)
    return as_regions(
        _within([(row * patch_size - above, (row + 1) * patch_size - above) for row in range(rows)], size[0]),
        _within([(place * patch_size - left, (place + 1) * patch_size - left) for place in range(columns)], size[1]),
        size,
    )


def _within(parts: list[Span], length: int) -> list[Span]:
    return [(max(first, 0), min(last, length)) for first, last in parts]


def _common(parts: NDArray[np.float64], first: float, last: float) -> NDArray[np.float64]:
    return np.clip(np.minimum(parts[:, 1], last) - np.maximum(parts[:, 0], first), 0, None)


def _holds(parts: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """1 where a part holds the middle of a pixel, `(parts, length)`."""
    middles = (np.arange(length) + 0.5) / length
    return ((parts[:, :1] <= middles) & (middles < parts[:, 1:])).astype(np.float64)
