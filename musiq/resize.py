"""The Gaussian resize of the reference, in NumPy; and Pillow's, for photos that are shrunk before.

Facts fixed by the reference: half-pixel centres; a Gaussian of sigma 0.5 and radius 1.5 in *input* pixels at
every scale factor (no antialiasing when shrinking); weights normalised over the taps inside the image; all
positions in float32. The reference scales pixels to [-1, 1] before; weights sum to 1, so it may as well come last.
"""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIGMA_PX = 0.5
RADIUS_PX = 1.5
TAPS = 3  # an open interval of 2 * RADIUS_PX holds at most three pixel centres

Pixels = NDArray[np.float32]
Taps = tuple[NDArray[np.intp], Pixels]


def preserved_size(height: int, width: int, longer_side: int) -> tuple[int, int]:
    """(height, width) in px with the longer side at `longer_side` and the aspect ratio preserved.

    Sides are rounded half to even in float32, and a side that would round to 0 keeps 1 (paper section 3.1).
    """
    ratio = np.float32(longer_side) / np.float32(max(height, width))
    sides = np.rint(np.array([height, width], np.float32) * ratio)
    new_height, new_width = np.maximum(sides, 1).astype(int)
    return int(new_height), int(new_width)


def shrink(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """`image` at a smaller size by Pillow's Lanczos filter, which reads every pixel: no aliases.

    Args:
        image: uint8 `(H, W, 3)`.
        size: (height, width) in px, each at least 1.

    Returns:
        uint8 `(height, width, 3)`.
    """
    return np.asarray(Image.fromarray(image).resize((size[1], size[0]), Image.Resampling.LANCZOS))


@lru_cache(maxsize=1024)
def gaussian_taps(size_in: int, size_out: int) -> Taps:
    """Source indexes and weights that make each output sample, both `(TAPS, size_out)`; weights sum to 1."""
    inverse_scale = np.float32(1) / (np.float32(size_out) / np.float32(size_in))
    centre = (np.arange(size_out, dtype=np.float32) + np.float32(0.5)) * inverse_scale
    first = np.ceil(centre - np.float32(RADIUS_PX + 0.5)).astype(np.intp)
    first += np.abs(first.astype(np.float32) + np.float32(0.5) - centre) >= RADIUS_PX
    source = first + np.arange(TAPS)[:, None]
    distance = np.abs(source.astype(np.float32) + np.float32(0.5) - centre)
    weight = np.exp(-(distance**2) / np.float32(2 * SIGMA_PX**2))
    weight[(distance >= RADIUS_PX) | (source < 0) | (source >= size_in)] = 0
    return np.clip(source, 0, size_in - 1), weight / weight.sum(axis=0)


def gaussian_resize(image: NDArray[np.uint8], size: tuple[int, int]) -> Pixels:
    """`image` in [-1, 1], resampled to `size`; rows first, then columns, and only the columns that the result reads.

    Args:
        image: uint8 `(H, W, C)`.
        size: (height, width) in px, each at least 1.

    Returns:
        float32 `(C, height, width)`.
    """
    (row, row_weight), (column, column_weight) = (
        gaussian_taps(*sides) for sides in zip(image.shape[:2], size, strict=True)
    )
    used = None
    if image.shape[1] > TAPS * size[1]:
        used = np.unique(column)
        column = np.searchsorted(used, column)
    channels = image.shape[2]
    rows = (_take(image, source, used) for source in row)
    middle = _weighted_sum(rows, row_weight[:, :, None]).reshape(size[0], -1, channels)
    columns = (middle.take(source, axis=1).reshape(size[0], -1) for source in column)
    out = _weighted_sum(columns, column_weight.repeat(channels, axis=1)).reshape(*size, channels)
    return to_unit_range(out)


def to_unit_range(image: NDArray[np.uint8] | Pixels) -> Pixels:
    """Values 0..255 `(H, W, C)` as float32 `(C, H, W)` in [-1, 1]."""
    return scale_to_unit(image.transpose(2, 0, 1).astype(np.float32, order="C"))


def scale_to_unit(values: Pixels) -> Pixels:
    """Values 0..255 to [-1, 1], in place."""
    values /= np.float32(127.5)
    values -= np.float32(1)
    return values


def _take(image: NDArray[np.uint8], rows: NDArray[np.intp], columns: NDArray[np.intp] | None) -> Pixels:
    read = image.take(rows, axis=0)
    read = read if columns is None else read.take(columns, axis=1)
    return read.reshape(len(rows), -1).astype(np.float32)


def _weighted_sum(terms: Iterable[Pixels], weights: Pixels) -> Pixels:
    """Sum of `terms` times their `weights`; spends the terms."""
    total: Pixels | None = None
    for term, weight in zip(terms, weights, strict=True):
        term *= weight
        total = term if total is None else np.add(total, term, out=total)
    assert total is not None
    return total
