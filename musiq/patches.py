"""Image -> pyramid -> patch sequence -> `PatchBatch`: the only place where patches are cut.

Shape letters: B images, L tokens of the longest image, S scales, P patch side, G grid side.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from musiq.resize import PROFILES, Pixels, Profile, preserved_size, resize, scale_to_unit, shrink

Padding = Literal["zeros", "mirror"]
PAD_MODES: Final = MappingProxyType[Padding, Literal["constant", "symmetric"]](
    {"zeros": "constant", "mirror": "symmetric"}
)  # what NumPy calls them
_ID = re.compile(
    rf"(?P<profile>{'|'.join(PROFILES)})/(?P<sides>(?:\d+\+)*(?:\d+|native))(?P<square>-square)?"
    r"/p(?P<patch>\d+)/g(?P<grid>\d+)(?P<mirror>/mirror)?(?:/within(?P<longest>\d+))?(?=/(?:scale-|max)|$)"
)
PIECE_PIXELS = 64 * 32 * 32  # what is cut at a time, and its activations, stay in a processor's cache


@dataclass(frozen=True)
class PatchConfig:
    """How an image becomes patches (paper sections 3.1 and 3.2). The default is the published model's.

    Attributes:
        longer_sides: longer side in px of each resized copy, ascending.
        native: whether the image at its own resolution is the last scale.
        aspect: `preserve` keeps the aspect ratio; `square` resizes to L x L (paper Table 5).
        patch_size: side of a patch in px, a multiple of 4.
        grid_size: side G of the hash grid.
        padding: what fills border patches beyond the image: `zeros` (mid-grey) as in the published code, or `mirror`,
            the image mirrored at its edge. The larger the patches, the more of a photo's border is padding.
        longest_px: an image with a longer side of more px is shrunk to it first, by a filter without aliases, and that
            is its native image; None keeps every image as it is, as the paper does.
        profile: whose resize: `google-v1` is the published code's, `pyiqa-bicubic` the common PyTorch port's.
    """

    longer_sides: tuple[int, ...] = (224, 384)
    native: bool = True
    aspect: Literal["preserve", "square"] = "preserve"
    patch_size: int = 32
    grid_size: int = 10
    padding: Padding = "zeros"
    longest_px: int | None = None
    profile: Profile = "google-v1"

    def __post_init__(self) -> None:
        if not self.longer_sides and not self.native:
            raise ValueError("a pyramid needs at least one longer side or the native image")
        if list(self.longer_sides) != sorted(set(self.longer_sides)) or any(side < 1 for side in self.longer_sides):
            raise ValueError(f"longer_sides must be positive and ascending, got {self.longer_sides}")
        if self.patch_size < 4 or self.patch_size % 4:
            raise ValueError(f"patch_size must be a multiple of 4, got {self.patch_size}")
        if self.grid_size < 1:
            raise ValueError(f"grid_size must be at least 1, got {self.grid_size}")
        if self.padding not in PAD_MODES:
            raise ValueError(f"padding must be one of {', '.join(PAD_MODES)}, got {self.padding!r}")
        if self.profile not in PROFILES:
            raise ValueError(f"profile must be one of {', '.join(PROFILES)}, got {self.profile!r}")
        if self.longest_px is not None and self.longest_px < max(self.longer_sides, default=1):
            raise ValueError(f"longest_px must be at least the longer_sides {self.longer_sides}, got {self.longest_px}")

    @property
    def scales(self) -> int:
        """Number of scales S."""
        return len(self.longer_sides) + self.native

    @property
    def id(self) -> str:
        """Name of this preprocessing; scores compare only under the same id."""
        sides = [*map(str, self.longer_sides), *(["native"] if self.native else [])]
        square = "-square" if self.aspect == "square" else ""
        mirror = "/mirror" if self.padding == "mirror" else ""
        longest = "" if self.longest_px is None else f"/within{self.longest_px}"
        return f"{self.profile}/{'+'.join(sides)}{square}/p{self.patch_size}/g{self.grid_size}{mirror}{longest}"

    @classmethod
    def from_id(cls, text: str) -> "PatchConfig | None":
        """What has this `id`, whatever a scale of one's own or a cap adds to its end; None for text that is no id."""
        found = _ID.match(text)
        if found is None:
            return None
        sides = found["sides"].split("+")
        return cls(
            longer_sides=tuple(int(side) for side in sides if side != "native"),
            native="native" in sides,
            aspect="square" if found["square"] else "preserve",
            patch_size=int(found["patch"]),
            grid_size=int(found["grid"]),
            padding="mirror" if found["mirror"] else "zeros",
            longest_px=int(found["longest"]) if found["longest"] else None,
            profile=next(name for name in PROFILES if name == found["profile"]),
        )


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

    def take(self, tokens: NDArray[np.intp]) -> "PatchBatch":
        """The same images with only these tokens, by their index."""
        return PatchBatch(self.pixels[:, tokens], self.cell[:, tokens], self.scale[:, tokens], self.valid[:, tokens])


def native_size(height: int, width: int, config: PatchConfig) -> tuple[int, int]:
    """(height, width) in px of the image that the pyramid is made of: `longest_px` limits it."""
    if config.longest_px is None or max(height, width) <= config.longest_px:
        return height, width
    return preserved_size(height, width, config.longest_px)


def pyramid_sizes(height: int, width: int, config: PatchConfig) -> list[tuple[int, int]]:
    """(height, width) in px of each scale of an image."""
    height, width = native_size(height, width, config)
    if config.aspect == "square":
        sizes = [(side, side) for side in config.longer_sides]
    else:
        sizes = [preserved_size(height, width, side, config.profile) for side in config.longer_sides]
    return sizes + [(height, width)] * config.native


def token_counts(height: int, width: int, config: PatchConfig, max_native: int | None = None) -> list[int]:
    """Number of tokens at each scale of an image of this size in px."""
    patch = config.patch_size
    counts = [math.prod(grid_shape(h, w, patch)) for h, w in pyramid_sizes(height, width, config)]
    if config.native and max_native is not None:
        counts[-1] = min(counts[-1], max_native)
    return counts


def native_count(height: int, width: int, config: PatchConfig) -> int:
    """Number of native tokens of an image of this size in px, which a cap on patches is for; 0 without that scale."""
    return token_counts(height, width, config)[-1] if config.native else 0


def cut_patches(pixels: Pixels, patch_size: int, padding: Padding = "zeros") -> Pixels:
    """Patches in raster order; borders padded, the smaller half of the padding first (`SAME`).

    Args:
        pixels: float32 `(C, H, W)`.

    Returns:
        float32 `(rows * columns, C, P, P)`.
    """
    channels, height, width = pixels.shape
    rows, columns, top, left = padded_grid(height, width, patch_size)
    below, right = rows * patch_size - height - top, columns * patch_size - width - left
    padded = np.pad(pixels, ((0, 0), (top, below), (left, right)), PAD_MODES[padding])
    grid = padded.reshape(channels, rows, patch_size, columns, patch_size)
    return grid.transpose(1, 3, 0, 2, 4).reshape(rows * columns, channels, patch_size, patch_size)


def cut_band(image: NDArray[np.uint8], patch_size: int, first: int, last: int, padding: Padding = "zeros") -> Pixels:
    """Rows `first` to `last` (exclusive) of the patches that `cut_patches` cuts of the image in [-1, 1].

    Args:
        image: uint8 `(H, W, C)`.

    Returns:
        float32 `((last - first) * columns, C, P, P)`.
    """
    patch = patch_size
    height, width, channels = image.shape
    _, columns, top, left = padded_grid(height, width, patch)
    start, stop = first * patch - top, last * patch - top  # rows of the image, beyond it where padded
    above, below = max(0, -start), max(0, stop - height)
    right = columns * patch - width - left
    band = image[max(0, start) : min(stop, height)]
    if above or below or left or right:
        band = np.pad(band, ((above, below), (left, right), (0, 0)), PAD_MODES[padding])
    grid = band.reshape(last - first, patch, columns, patch, channels).transpose(0, 2, 4, 1, 3)
    out = scale_to_unit(grid.astype(np.float32, order="C"))  # (rows, columns, C, P, P)
    if padding == "zeros":  # of the unit scale, not of 8 bits
        out[0, ..., :above, :] = 0
        out[-1, ..., patch - below :, :] = 0
        out[:, 0, ..., :left] = 0
        out[:, -1, ..., patch - right :] = 0
    return out.reshape(-1, channels, patch, patch)


def grid_shape(height: int, width: int, patch_size: int) -> tuple[int, int]:
    """Rows and columns of patches that cover an image of this size in px."""
    return -(-height // patch_size), -(-width // patch_size)


def padded_grid(height: int, width: int, patch_size: int) -> tuple[int, int, int, int]:
    """Rows and columns of patches, and the padding above and left of the image in px: the smaller half (`SAME`)."""
    rows, columns = grid_shape(height, width, patch_size)
    return rows, columns, (rows * patch_size - height) // 2, (columns * patch_size - width) // 2


def piece_tokens(patch_size: int) -> int:
    """Patches of this side that are cut at a time."""
    return max(1, PIECE_PIXELS // patch_size**2)


def _runs(patches: Pixels, tokens: int) -> Iterator[Pixels]:
    for first, last in _even_runs(len(patches), tokens):
        yield patches[first:last]


def _even_runs(count: int, longest: int) -> Iterator[tuple[int, int]]:
    """First and last (exclusive) of runs of nearly the same length."""
    runs = -(-count // longest)
    for run in range(runs):
        yield count * run // runs, count * (run + 1) // runs


def hash_indexes(count: int, grid_size: int) -> NDArray[np.int64]:
    """Grid index floor(i * G / n) of patch i of n along one side, in float32 (paper section 3.2). Shape `(n,)`."""
    ratio = np.float32(grid_size / count)
    return np.floor(np.arange(count, dtype=np.float32) * ratio).astype(np.int64)


def hash_cells(rows: int, columns: int, grid_size: int) -> NDArray[np.int64]:
    """Cell row * G + column of each patch in raster order, int64 `(rows * columns,)` in [0, G*G)."""
    row, column = hash_indexes(rows, grid_size), hash_indexes(columns, grid_size)
    return (row[:, None] * grid_size + column[None, :]).reshape(-1)


@dataclass(frozen=True)
class PatchSequence:
    """The patches of one image in order, cut when they are asked for: an image of any size needs no second copy.

    Attributes:
        resized: float32 `(R, 3, P, P)` in [-1, 1], the patches of the resized scales.
        image: uint8 `(H, W, 3)`, the native scale; None when the pyramid lacks it.
        cell: int64 `(L,)`, hashed position in [0, G*G).
        scale: int64 `(L,)`, 0 the smallest.
        kept: int64, ascending, the native patches that belong to the sequence by raster index; None means all.
        padding: of the native patches, as in `PatchConfig`.
    """

    resized: Pixels
    image: NDArray[np.uint8] | None
    cell: NDArray[np.int64]
    scale: NDArray[np.int64]
    kept: NDArray[np.int64] | None = None
    padding: Padding = "zeros"

    def __len__(self) -> int:
        return len(self.cell)

    def pieces(self) -> Iterator[Pixels]:
        """The patches, float32 `(n, 3, P, P)`, in runs of at most 64 patches of 32 x 32 px or as many pixels."""
        tokens = piece_tokens(self.resized.shape[-1])
        yield from _runs(self.resized, tokens)
        if self.image is not None:
            for band in self._native_bands(tokens):
                yield from _runs(band, tokens)

    def batch(self) -> PatchBatch:
        """The whole sequence as a batch of one, B = 1."""
        pixels = np.concatenate(list(self.pieces()))
        return PatchBatch(pixels[None], self.cell[None], self.scale[None], np.ones((1, len(self)), bool))

    def _native_bands(self, tokens: int) -> Iterator[Pixels]:
        assert self.image is not None
        patch = self.resized.shape[-1]
        rows, columns = grid_shape(self.image.shape[0], self.image.shape[1], patch)
        for first, last in _even_runs(rows, max(1, tokens // columns)):
            if self.kept is None:
                yield cut_band(self.image, patch, first, last, self.padding)
                continue
            start, stop = np.searchsorted(self.kept, (first * columns, last * columns))
            if start < stop:
                yield cut_band(self.image, patch, first, last, self.padding)[self.kept[start:stop] - first * columns]


def patch_sequence(
    image: NDArray[np.uint8], config: PatchConfig, keep: Callable[[int, int], NDArray[np.int64]] | None = None
) -> PatchSequence:
    """The patch sequence of one image, scales small to large.

    Args:
        image: uint8 `(H, W, 3)` sRGB.
        config: the pyramid and the grid.
        keep: rows and columns of the native patches -> raster indexes of those to keep, ascending; None keeps all.
    """
    patch, grid = config.patch_size, config.grid_size
    native = native_size(image.shape[0], image.shape[1], config)
    image = image if native == image.shape[:2] else shrink(image, native)
    sizes = pyramid_sizes(image.shape[0], image.shape[1], config)
    shapes = [grid_shape(height, width, patch) for height, width in sizes]
    cells = [hash_cells(rows, columns, grid) for rows, columns in shapes]
    kept = keep(*shapes[-1]) if keep is not None and config.native else None
    if kept is not None:
        cells[-1] = cells[-1][kept]
    resized = [
        cut_patches(resize(image, size, config.profile), patch, config.padding)
        for size in sizes[: len(config.longer_sides)]
    ]
    return PatchSequence(
        np.concatenate(resized) if resized else np.zeros((0, 3, patch, patch), np.float32),
        image if config.native else None,
        np.concatenate(cells),
        np.repeat(np.arange(len(cells)), [len(cell) for cell in cells]),
        kept,
        config.padding,
    )


def spread(rows: int, columns: int, limit: int) -> NDArray[np.int64]:
    """At most `limit` of the native patches, evenly over the image: every r-th row and c-th column.

    Returns:
        Raster indexes, ascending, int64.
    """
    if rows * columns <= limit:
        return np.arange(rows * columns)
    kept_rows = min(rows, max(1, round(math.sqrt(limit * rows / columns))), limit)
    kept_columns = min(columns, limit // kept_rows)
    row, column = _evenly(rows, kept_rows), _evenly(columns, kept_columns)
    return (row[:, None] * columns + column).reshape(-1)


def _evenly(count: int, kept: int) -> NDArray[np.int64]:
    return ((np.arange(kept) + 0.5) * (count / kept)).astype(np.int64)


def patchify(image: NDArray[np.uint8], config: PatchConfig, max_native: int | None = None) -> PatchBatch:
    """The patch sequence of one image as a batch, B = 1 and nothing padded.

    Args:
        image: uint8 `(H, W, 3)` sRGB.
        config: the pyramid and the grid.
        max_native: keep at most this many native patches, the first in raster order (512 in the paper's training).
    """
    keep = None if max_native is None else (lambda rows, columns: np.arange(min(rows * columns, max_native)))
    return patch_sequence(image, config, keep).batch()


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
