"""Image -> pyramid -> patch sequence -> `PatchBatch`: the only place where patches are cut.

Shape letters: B images, L tokens of the longest image, S scales, P patch side, G grid side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from musiq.resize import Pixels, gaussian_resize, preserved_size


@dataclass(frozen=True)
class PatchConfig:
    """How an image becomes patches (paper sections 3.1 and 3.2). The default is the published model's.

    Attributes:
        longer_sides: longer side in px of each resized copy, ascending.
        native: whether the image at its own resolution is the last scale.
        aspect: `preserve` keeps the aspect ratio; `square` resizes to L x L (paper Table 5).
        patch_size: side of a patch in px, a multiple of 4.
        grid_size: side G of the hash grid.
    """

    longer_sides: tuple[int, ...] = (224, 384)
    native: bool = True
    aspect: Literal["preserve", "square"] = "preserve"
    patch_size: int = 32
    grid_size: int = 10

    def __post_init__(self) -> None:
        if not self.longer_sides and not self.native:
            raise ValueError("a pyramid needs at least one longer side or the native image")
        if list(self.longer_sides) != sorted(set(self.longer_sides)) or any(side < 1 for side in self.longer_sides):
            raise ValueError(f"longer_sides must be positive and ascending, got {self.longer_sides}")
        if self.patch_size < 4 or self.patch_size % 4:
            raise ValueError(f"patch_size must be a multiple of 4, got {self.patch_size}")
        if self.grid_size < 1:
            raise ValueError(f"grid_size must be at least 1, got {self.grid_size}")

    @property
    def scales(self) -> int:
        """Number of scales S."""
        return len(self.longer_sides) + self.native

    @property
    def id(self) -> str:
        """Name of this preprocessing; scores compare only under the same id."""
        sides = [*map(str, self.longer_sides), *(["native"] if self.native else [])]
        square = "-square" if self.aspect == "square" else ""
        return f"google-v1/{'+'.join(sides)}{square}/p{self.patch_size}/g{self.grid_size}"


@dataclass(frozen=True)
class PatchBatch:
    """Patch sequences of B images, padded to the longest.

    Attributes:
        pixels: float32 `(B, L, 3, P, P)` in [-1, 1], zero where padded.
        cell: int64 `(B, L)`, hashed position in [0, G*G).
        scale: int64 `(B, L)`, 0 the smallest.
        valid: bool `(B, L)`, false where padded.
    """

    pixels: Pixels
    cell: NDArray[np.int64]
    scale: NDArray[np.int64]
    valid: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.valid)

    def row(self, index: int) -> "PatchBatch":
        """Image `index` alone, without padding: B = 1."""
        image = slice(index, index + 1)
        one = PatchBatch(self.pixels[image], self.cell[image], self.scale[image], self.valid[image])
        return one if one.valid.all() else one.take(np.flatnonzero(one.valid[0]))

    def take(self, tokens: NDArray[np.intp]) -> "PatchBatch":
        """The same images with only these tokens, by their index."""
        return PatchBatch(self.pixels[:, tokens], self.cell[:, tokens], self.scale[:, tokens], self.valid[:, tokens])


def to_unit_range(image: NDArray[np.uint8]) -> Pixels:
    """uint8 `(H, W, 3)` as float32 `(3, H, W)` in [-1, 1]."""
    planes = image.transpose(2, 0, 1).astype(np.float32, order="C")
    planes /= np.float32(127.5)
    planes -= np.float32(1)
    return planes


def build_pyramid(pixels: Pixels, config: PatchConfig) -> list[Pixels]:
    """The image at each scale, small to large, native last (paper section 3.1).

    Args:
        pixels: float32 `(3, H, W)` in [-1, 1].

    Returns:
        S arrays, float32 `(3, h, w)`.
    """
    sizes = pyramid_sizes(pixels.shape[1], pixels.shape[2], config)
    return [gaussian_resize(pixels, size) for size in sizes[: len(config.longer_sides)]] + [pixels] * config.native


def pyramid_sizes(height: int, width: int, config: PatchConfig) -> list[tuple[int, int]]:
    """(height, width) in px of each scale of an image."""
    if config.aspect == "square":
        sizes = [(side, side) for side in config.longer_sides]
    else:
        sizes = [preserved_size(height, width, side) for side in config.longer_sides]
    return sizes + [(height, width)] * config.native


def token_counts(height: int, width: int, config: PatchConfig, max_native: int | None = None) -> list[int]:
    """Number of tokens at each scale of an image of this size in px."""
    patch = config.patch_size
    counts = [-(-h // patch) * -(-w // patch) for h, w in pyramid_sizes(height, width, config)]
    if config.native and max_native is not None:
        counts[-1] = min(counts[-1], max_native)
    return counts


def cut_patches(pixels: Pixels, patch_size: int) -> Pixels:
    """Patches in raster order; borders padded with 0, the smaller half of the padding first (`SAME`).

    Args:
        pixels: float32 `(C, H, W)`.

    Returns:
        float32 `(rows * columns, C, P, P)`.
    """
    channels, height, width = pixels.shape
    rows, columns = -(-height // patch_size), -(-width // patch_size)
    top, left = (rows * patch_size - height) // 2, (columns * patch_size - width) // 2
    padded = np.zeros((channels, rows * patch_size, columns * patch_size), np.float32)
    padded[:, top : top + height, left : left + width] = pixels
    grid = padded.reshape(channels, rows, patch_size, columns, patch_size)
    return grid.transpose(1, 3, 0, 2, 4).reshape(rows * columns, channels, patch_size, patch_size)


def hash_indexes(count: int, grid_size: int) -> NDArray[np.int64]:
    """Grid index floor(i * G / n) of patch i of n along one side, in float32 (paper section 3.2). Shape `(n,)`."""
    ratio = np.float32(grid_size / count)
    return np.floor(np.arange(count, dtype=np.float32) * ratio).astype(np.int64)


def hash_cells(rows: int, columns: int, grid_size: int) -> NDArray[np.int64]:
    """Cell row * G + column of each patch in raster order, int64 `(rows * columns,)` in [0, G*G)."""
    row, column = hash_indexes(rows, grid_size), hash_indexes(columns, grid_size)
    return (row[:, None] * grid_size + column[None, :]).reshape(-1)


def patchify(image: NDArray[np.uint8], config: PatchConfig, max_native: int | None = None) -> PatchBatch:
    """The patch sequence of one image, scales small to large.

    Args:
        image: uint8 `(H, W, 3)` sRGB.
        config: the pyramid and the grid.
        max_native: keep at most this many native patches, the first in raster order (512 in the paper's training).

    Returns:
        A `PatchBatch` with B = 1 and nothing padded.
    """
    patch = config.patch_size
    pixels, cells, scales = [], [], []
    for index, level in enumerate(build_pyramid(to_unit_range(image), config)):
        limit = max_native if config.native and index == config.scales - 1 else None
        pixels.append(cut_patches(level, patch)[:limit])
        cells.append(hash_cells(-(-level.shape[1] // patch), -(-level.shape[2] // patch), config.grid_size)[:limit])
        scales.append(np.full(len(cells[-1]), index, np.int64))
    cell = np.concatenate(cells)[None]
    return PatchBatch(np.concatenate(pixels)[None], cell, np.concatenate(scales)[None], np.ones(cell.shape, bool))


def collate(batches: Sequence[PatchBatch]) -> PatchBatch:
    """Several batches as one, each padded at its end to the longest sequence."""
    length = max(batch.valid.shape[1] for batch in batches)
    if len(batches) == 1:
        return batches[0]

    def stack(name: str) -> NDArray[Any]:
        return np.concatenate([_pad(getattr(batch, name), length) for batch in batches])

    return PatchBatch(stack("pixels"), stack("cell"), stack("scale"), stack("valid"))


def _pad(field: NDArray[Any], length: int) -> NDArray[Any]:
    widths = [(0, 0), (0, length - field.shape[1])] + [(0, 0)] * (field.ndim - 2)
    return np.pad(field, widths)
