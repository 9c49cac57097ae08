"""The Gaussian resize of the reference, in NumPy.

Facts fixed by the reference: half-pixel centres; a Gaussian of sigma 0.5 and radius 1.5 in *input* pixels at
every scale factor (no antialiasing when shrinking); weights normalised over the taps inside the image; all
positions in float32.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SIGMA_PX = 0.5
RADIUS_PX = 1.5
TAPS = 3  # an open interval of 2 * RADIUS_PX holds at most three pixel centres

Pixels = NDArray[np.float32]


def preserved_size(height: int, width: int, longer_side: int) -> tuple[int, int]:
    """(height, width) in px with the longer side at `longer_side` and the aspect ratio preserved.

    Sides are rounded half to even in float32, and a side that would round to 0 keeps 1 (paper section 3.1).
    """
    ratio = np.float32(longer_side) / np.float32(max(height, width))
    sides = np.rint(np.array([height, width], np.float32) * ratio)
    new_height, new_width = np.maximum(sides, 1).astype(int)
    return int(new_height), int(new_width)


@lru_cache(maxsize=1024)
def gaussian_taps(size_in: int, size_out: int) -> tuple[NDArray[np.intp], Pixels]:
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


def gaussian_resize(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """`pixels` resampled to `size`.

    Args:
        pixels: float32 `(C, H, W)`, any range.
        size: (height, width) in px, each at least 1.

    Returns:
        float32 `(C, height, width)`.
    """
    return np.stack([_resample_rows(_resample_rows(plane, size[0]).T, size[1]).T for plane in pixels])


def _resample_rows(plane: Pixels, size_out: int) -> Pixels:
    source, weight = gaussian_taps(plane.shape[0], size_out)
    plane = np.ascontiguousarray(plane)
    out = weight[0, :, None] * plane[source[0]]
    for tap in range(1, TAPS):
        out += weight[tap, :, None] * plane[source[tap]]
    return out
