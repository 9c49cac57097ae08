"""Float images in torch -> patch sequences with gradients to their pixels: what `patches.py` does to 8-bit images.

The resize is linear, so each side is a product with a matrix of the same taps.

Shape letters: L tokens of one image, P patch side.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import PIL
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from musiq.patches import PAD_MODES, PatchConfig, grid_shape, hash_cells, native_size, padded_grid, pyramid_sizes
from musiq.resize import PROFILES, Profile

LANCZOS_RADIUS = 3  # of Pillow's filter, in output pixels when shrinking
LANCZOS_STEPS = 2**22  # of its weights from 0 to 1
ROWS_FIRST = int(PIL.__version__.split(".")[0]) >= 13  # where the height shrinks far more (Pillow's pull request 9549)
MATRICES = 8  # kept of either kind, for images of the same sizes again; one may take 50 MB


class TensorSequence(NamedTuple):
    """The patches of one image in order, as `PatchSequence` has them.

    Attributes:
        pixels: `(L, 3, P, P)` in [-1, 1], of the image's dtype and device.
        cell: int64 `(L,)`.
        scale: int64 `(L,)`.
    """

    pixels: Tensor
    cell: Tensor
    scale: Tensor


def tensor_sequence(image: Tensor, config: PatchConfig) -> TensorSequence:
    """The patch sequence of one image, scales small to large (paper sections 3.1 and 3.2); in the image's precision
    also under autocast.

    Args:
        image: float `(3, H, W)` sRGB in [0, 1].
        config: the pyramid and the grid.
    """
    with torch.autocast(image.device.type, enabled=False):
        native = shrink(image, native_size(image.shape[1], image.shape[2], config))
        sizes = pyramid_sizes(native.shape[1], native.shape[2], config)
        pixels = native * 2 - 1
        scales = [resize(pixels, size, config.profile) for size in sizes[: len(config.longer_sides)]]
        scales += [pixels] * config.native
        patches = torch.cat([cut_patches(scale, config) for scale in scales])
    cells = [hash_cells(*grid_shape(*size, config.patch_size), config.grid_size) for size in sizes]
    indexes = np.concatenate(cells), np.repeat(np.arange(len(cells)), [len(cell) for cell in cells])
    return TensorSequence(patches, *(torch.from_numpy(index).to(image.device) for index in indexes))


def resize(pixels: Tensor, size: tuple[int, int], profile: Profile = "google-v1") -> Tensor:
    """Pixels `(3, H, W)` resampled to `size` (height, width), as `musiq.resize.resize` does."""
    rows, columns = (
        _as_tensor(taps_matrix(*sides, profile), pixels) for sides in zip(pixels.shape[1:], size, strict=True)
    )
    return rows @ pixels @ columns.T


def shrink(image: Tensor, size: tuple[int, int]) -> Tensor:
    """An image `(3, H, W)` in [0, 1] at a smaller size, as Pillow's Lanczos filter has it.

    Each side is rounded to 8 bits, as there, so that scores are the same; gradients pass as if it were not. None passes
    where the filter overshoots and is clamped.
    """
    if image.shape[1:] == size:
        return image
    _, height, width = image.shape
    levels = image * 255 if image.device.type == "mps" else (image * 255).double()  # mps has no float64
    rows, columns = (_as_tensor(lanczos_matrix(*sides), levels) for sides in ((height, size[0]), (width, size[1])))
    if ROWS_FIRST and height - size[0] > 2 * (width - size[1]):
        levels = _round(_round(rows @ levels) @ columns.T)
    else:
        levels = _round(rows @ _round(levels @ columns.T))
    return (levels / 255).to(image)


def _round(levels: Tensor) -> Tensor:
    levels = levels.clamp(0, 255)
    return levels + ((levels + 0.5).floor() - levels).detach()


def cut_patches(pixels: Tensor, config: PatchConfig) -> Tensor:
    """Patches `(rows * columns, 3, P, P)` in raster order, as `musiq.patches.cut_patches` cuts them."""
    patch, (channels, height, width) = config.patch_size, pixels.shape
    rows, columns, top, left = padded_grid(height, width, patch)
    for axis, before, after in ((1, top, rows * patch - height - top), (2, left, columns * patch - width - left)):
        pixels = _pad(pixels, axis, before, after, config)
    grid = pixels.reshape(channels, rows, patch, columns, patch)
    return grid.permute(1, 3, 0, 2, 4).reshape(rows * columns, channels, patch, patch)


def _pad(pixels: Tensor, axis: int, before: int, after: int, config: PatchConfig) -> Tensor:
    if before == after == 0:
        return pixels
    if config.padding == "zeros":
        return F.pad(pixels, (before, after) if axis == 2 else (0, 0, before, after))
    source = np.pad(np.arange(pixels.shape[axis]), (before, after), PAD_MODES[config.padding])
    return pixels.index_select(axis, torch.from_numpy(source).to(pixels.device))


@lru_cache(maxsize=MATRICES)
def taps_matrix(size_in: int, size_out: int, profile: Profile) -> NDArray[np.float32]:
    """What a profile's resize does along one side: float32 `(size_out, size_in)`, each row sums to 1."""
    source, weight = PROFILES[profile].taps(size_in, size_out)
    matrix = np.zeros((size_out, size_in), np.float32)
    np.add.at(matrix, (np.arange(size_out), source), weight)
    return matrix


@lru_cache(maxsize=MATRICES)
def lanczos_matrix(size_in: int, size_out: int) -> NDArray[np.float64]:
    """Pillow's Lanczos filter along one side that shrinks or stays: `(size_out, size_in)`, in its steps of 2^-22."""
    step = size_in / size_out
    centre = (np.arange(size_out)[:, None] + 0.5) * step
    distance = (np.arange(size_in) + 0.5 - centre) / step
    weight = np.where(np.abs(distance) < LANCZOS_RADIUS, np.sinc(distance) * np.sinc(distance / LANCZOS_RADIUS), 0)
    return np.rint(weight / weight.sum(axis=1, keepdims=True) * LANCZOS_STEPS) / LANCZOS_STEPS


def _as_tensor(matrix: NDArray[np.floating], like: Tensor) -> Tensor:
    return torch.from_numpy(matrix).to(like)
