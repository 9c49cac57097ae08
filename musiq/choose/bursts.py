"""Photos of one burst: in one folder, taken within seconds of each other, rather alike. Needs the extra `dedupe`."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from musiq.choose.files import folder_of
from musiq.choose.photo import Photo
from musiq.data.duplicates import Hashes, Indexes
from musiq.inputs.item import real_path
from musiq.taken import time_taken

BURST_BITS = 20  # of 64: unlike photos lie 32 apart on average, deviation 4


def burst_pairs(
    photos: Sequence[Photo], hashes: Hashes, seconds: float, times: Sequence[float | None] | None = None
) -> tuple[Indexes, Indexes]:
    """Indexes of photos that follow each other in a burst: of one folder, the next in time within `seconds`, and no
    more than `BURST_BITS` apart. A photo without a time is in none.

    Args:
        times: when each was taken, on one clock; None reads it from the files.
    """
    folders = defaultdict[str, list[tuple[float, int]]](list)
    for index, photo in enumerate(photos):
        time = time_taken(real_path(photo.path)) if times is None else times[index]
        if time is not None:
            folders[folder_of(photo.path)].append((time, index))
    pairs = [
        (one, other)
        for times in folders.values()
        for (before, one), (after, other) in pairwise(sorted(times))
        if after - before <= seconds and np.count_nonzero(hashes[one] != hashes[other]) <= BURST_BITS
    ]
    row, column = np.array(pairs, np.intp).reshape(-1, 2).T
    return row, column
