"""Resizing in NumPy: the published code's, the common PyTorch port's; and Pillow's, for photos that are shrunk first.

Facts fixed by the published code (`google-v1`): half-pixel centres; a Gaussian of sigma 0.5 and radius 1.5 in *input*
pixels at every scale factor (no antialiasing when shrinking); weights normalised over the taps inside the image; all
positions in float32. The common port (`pyiqa-bicubic`) takes torch's bicubic interpolation instead: half-pixel centres,
four taps, a = -0.75, pixels beyond the edge repeat it, again no antialiasing.
Pixels are scaled to [-1, 1] before in both; weights sum to 1, so it may as well come last.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIGMA_PX = 0.5
RADIUS_PX = 1.5
TAPS = 3  # an open interval of 2 * RADIUS_PX holds at most three pixel centres
CUBIC = np.float32(-0.75)  # the free coefficient of Keys' cubic kernel, as torch has it

Pixels = NDArray[np.float32]
Taps = tuple[NDArray[np.intp], Pixels]
Profile = Literal["google-v1", "pyiqa-bicubic"]


def preserved_size(height: int, width: int, longer_side: int, profile: Profile = "google-v1") -> tuple[int, int]:
    """(height, width) in px with the longer side at `longer_side` and the aspect ratio preserved.

    Sides are rounded half to even in the profile's precision, and a side that would round to 0 keeps 1 (paper section
    3.1; the common port fails there).
    """
    target, longer, *sides = np.array([longer_side, max(height, width), height, width], PROFILES[profile].sides)
    new_height, new_width = np.maximum(np.rint(np.array(sides) * (target / longer)), 1).astype(int)
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
    """Source indexes and weights that make each output sample, both `(3, size_out)`; weights sum to 1."""
    inverse_scale = np.float32(1) / (np.float32(size_out) / np.float32(size_in))
    centre = (np.arange(size_out, dtype=np.float32) + np.float32(0.5)) * inverse_scale
    first = np.ceil(centre - np.float32(RADIUS_PX + 0.5)).astype(np.intp)
    first += np.abs(first.astype(np.float32) + np.float32(0.5) - centre) >= RADIUS_PX
    source = first + np.arange(TAPS)[:, None]
    distance = np.abs(source.astype(np.float32) + np.float32(0.5) - centre)
    weight = np.exp(-(distance**2) / np.float32(2 * SIGMA_PX**2))
    weight[(distance >= RADIUS_PX) | (source < 0) | (source >= size_in)] = 0
    return np.clip(source, 0, size_in - 1), weight / weight.sum(axis=0)


@lru_cache(maxsize=1024)
def bicubic_taps(size_in: int, size_out: int) -> Taps:
    """As `gaussian_taps`, of Keys' cubic convolution with four taps, both `(4, size_out)` (Keys, "Cubic convolution
    interpolation for digital image processing", 1981, equation 4, whose a is `CUBIC`)."""
    centre = (np.arange(size_out, dtype=np.float32) + np.float32(0.5)) * np.float32(size_in / size_out) - np.float32(
        0.5
    )
    first = np.floor(centre).astype(np.intp) - 1
    source = first + np.arange(4)[:, None]
    x = np.abs(source.astype(np.float32) - centre)
    near = ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * x * CUBIC - 4 * CUBIC
    return np.clip(source, 0, size_in - 1), np.where(x <= 1, near, far)


class Resize(NamedTuple):
    """How a profile resizes.

    Attributes:
        taps: size in and out in px -> what each output sample is made of, along one side.
        sides: the precision in which sides are computed.
    """

    taps: Callable[[int, int], Taps]
    sides: type[np.float32] | type[np.float64]


PROFILES: Final = MappingProxyType[Profile, Resize](
    {"google-v1": Resize(gaussian_taps, np.float32), "pyiqa-bicubic": Resize(bicubic_taps, np.float64)}
)


def resize(image: NDArray[np.uint8], size: tuple[int, int], profile: Profile = "google-v1") -> Pixels:
    """`image` in [-1, 1], resampled to `size`; rows first, then columns, and only the columns that the result reads.

    Args:
        image: uint8 `(H, W, C)`.
        size: (height, width) in px, each at least 1.
        profile: whose resize.

    Returns:
        float32 `(C, height, width)`; beyond [-1, 1] where a cubic overshoots.
    """
    (row, row_weight), (column, column_weight) = (
        PROFILES[profile].taps(*sides) for sides in zip(image.shape[:2], size, strict=True)
    )
    used = None
    if image.shape[1] > column.size:
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
