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
BLOCK_PAIRS = 2**24  # compared at once, 64 MiB
NEAR_BITS = 10  # hashes no further apart are near-duplicates
Hashes = NDArray[np.bool_]


def perceptual_hash(path: Path) -> Hashes:
    """The image's hash, bool `(64,)`."""
    try:
        with Image.open(path) as image:
            return np.asarray(imagehash.phash(image.convert("RGB")).hash).reshape(-1)
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise DataError(f"{path}: cannot be read: {error}") from error


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


def near_pairs(hashes: Hashes, others: Hashes, distance: int = NEAR_BITS) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indexes (into `hashes`, into `others`) of all pairs that are at most `distance` bits apart."""
    ours, theirs = (np.where(bits, 1.0, -1.0).astype(np.float32) for bits in (hashes, others))
    rows, columns = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
    block = max(1, BLOCK_PAIRS // max(1, len(theirs)))
    for start in range(0, len(ours), block):
        bits_apart = (BITS - ours[start : start + block] @ theirs.T) / 2
        row, column = np.nonzero(bits_apart <= distance)
        rows.append(row + start)
        columns.append(column)
    return np.concatenate(rows), np.concatenate(columns)


def duplicate_groups(hashes: Hashes, distance: int = NEAR_BITS) -> NDArray[np.int32]:
    """Group number of each of N hashes `(N, 64)`: the connected components of its near pairs."""
    row, column = near_pairs(hashes, hashes, distance)
    graph = coo_matrix((np.ones(len(row)), (row, column)), shape=(len(hashes), len(hashes)))
    return connected_components(graph, directed=False)[1]
