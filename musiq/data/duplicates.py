"""Near-duplicate images, by perceptual hash: 64 bits that hardly change under re-compression and resizing."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from musiq.errors import DataError
from musiq.progress import Advance, progress_bar

BITS = 64
BLOCK_PAIRS = 2**22  # compared at once, 16 MiB
NEAR_BITS = 10  # hashes no further apart are near-duplicates
Hashes = NDArray[np.bool_]
Groups = NDArray[np.int32]
Indexes = NDArray[np.intp]


def perceptual_hash(path: Path) -> Hashes:
    """The image's hash, bool `(64,)`."""
    try:
        with Image.open(path) as image:
            return _hash(image.convert("RGB"))
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise DataError(f"{path}: cannot be read: {error}") from error


def pixel_hash(pixels: NDArray[np.uint8]) -> Hashes:
    """The hash, bool `(64,)`, of a decoded image: uint8 `(H, W, 3)`."""
    return _hash(Image.fromarray(pixels))


def _hash(image: Image.Image) -> Hashes:
    return np.asarray(imagehash.phash(image).hash).reshape(-1)


def perceptual_hashes(paths: Sequence[Path], workers: int = 1) -> Hashes:
    """The hash of each image, bool `(N, 64)`, computed by `workers` processes (0: by this one)."""
    with progress_bar("hashing images", len(paths)) as advance:
        if workers == 0 or len(paths) < 500:
            return _collect(map(perceptual_hash, paths), advance)
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            return _collect(pool.map(perceptual_hash, paths, chunksize=50), advance)


def _collect(hashes: Iterable[Hashes], advance: Advance) -> Hashes:
    collected = []
    for one in hashes:
        collected.append(one)
        advance("")
    return np.stack(collected) if collected else np.zeros((0, BITS), bool)


def near_pairs(hashes: Hashes, others: Hashes, distance: int = NEAR_BITS) -> tuple[Indexes, Indexes]:
    """Indexes (into `hashes`, into `others`) of all pairs that are at most `distance` bits apart."""
    ours, theirs = _signs(hashes), _signs(others)
    rows, columns = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
    block = max(1, BLOCK_PAIRS // max(1, len(theirs)))
    for start in range(0, len(ours), block):
        row, column = _near(ours[start : start + block], theirs, distance)
        rows.append(row + start)
        columns.append(column)
    return np.concatenate(rows), np.concatenate(columns)


def _signs(hashes: Hashes) -> NDArray[np.float32]:
    return np.where(hashes, 1.0, -1.0).astype(np.float32)


def _near(ours: NDArray[np.float32], theirs: NDArray[np.float32], distance: int) -> tuple[Indexes, Indexes]:
    """The near pairs of signs: a product of BITS less 2 for each bit that differs, exact in float32."""
    row, column = np.nonzero(ours @ theirs.T >= BITS - 2 * distance)
    return row, column


def duplicate_groups(hashes: Hashes, distance: int = NEAR_BITS) -> Groups:
    """Group number of each of N hashes `(N, 64)`: the connected components of its near pairs, numbered as they come.

    Equal hashes are compared once. All pairs of the others are, block by block, and only group numbers are kept of a
    block, so memory grows with N.
    """
    distinct, which = _distinct(hashes)
    signs = _signs(hashes[distinct])
    groups = np.arange(len(signs), dtype=np.int32)
    start = 0
    while start < len(signs):
        block = max(1, BLOCK_PAIRS // (len(signs) - start))
        row, column = _near(signs[start : start + block], signs[start:], distance)
        groups = join_groups(groups, row + start, column + start)
        start += block
    return groups[which]


def _distinct(hashes: Hashes) -> tuple[Indexes, Indexes]:
    """Where each distinct hash stands first, ascending, and for each hash which of these it equals."""
    words = np.packbits(hashes, axis=1).view(np.uint64).reshape(-1)
    _, first, which = np.unique(words, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return first[order], place[which]


def join_groups(groups: Groups, row: Indexes, column: Indexes) -> Groups:
    """Group numbers after the groups of each pair (row, column) have become one; still numbered as they come.

    Args:
        groups: numbers from 0 in the order in which they come, int32 `(N,)`.
        row, column: indexes into `groups`.
    """
    ours, theirs = groups[row], groups[column]
    apart = ours != theirs
    count = int(groups.max(initial=-1)) + 1
    graph = coo_matrix((np.ones(apart.sum(), bool), (ours[apart], theirs[apart])), shape=(count, count))
    return connected_components(graph, directed=False)[1][groups] if apart.any() else groups
