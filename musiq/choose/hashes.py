"""Perceptual hashes of photos that are files, upright as they are seen. Needs the extra `dedupe`."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import numpy as np

from musiq.ahead import map_ahead
from musiq.choose.files import file_of
from musiq.choose.photo import Photo, Report
from musiq.data.duplicates import BITS, Hashes, pixel_hash
from musiq.decode.limits import Limits
from musiq.decode.pool import Decoders
from musiq.errors import ImageError
from musiq.inputs.item import File, Item
from musiq.memory import Budget, machine_bytes
from musiq.progress import progress_bar
from musiq.runtime.precision import core_count
from musiq.scorer import AHEAD, DECODING_BYTES


def hash_photos(photos: Sequence[Photo], report: Report, limits: Limits = Limits()) -> tuple[list[Photo], Hashes]:
    """The photos that could be read, in their order, and their hashes, bool `(N, 64)`; `report` is told of the others.

    Each photo is decoded whole, in a process of its own; those in work at once share half of the machine's memory.
    """
    workers = core_count()
    hashes, kept = np.zeros((len(photos), BITS), bool), list[Photo]()
    with (
        progress_bar("looking for copies", len(photos)) as advance,
        Decoders(limits) as decoders,
        ThreadPoolExecutor(workers) as pool,
    ):
        work = partial(_try_hash, decoders, Budget(machine_bytes() // 2))
        results = map_ahead(pool, work, (photo.path for photo in photos), AHEAD * workers + 1)
        for photo, result in zip(photos, results, strict=True):
            if isinstance(result, ImageError):
                report(str(result))
            else:
                hashes[len(kept)] = result
                kept.append(photo)
            advance("")
    return kept, hashes[: len(kept)]


def _try_hash(decoders: Decoders, budget: Budget, name: str) -> Hashes | ImageError:
    with ExitStack() as held:
        try:
            admit = lambda *size: held.enter_context(budget.take(DECODING_BYTES * size[0] * size[1]))  # noqa: E731
            decoder = held.enter_context(decoders.borrow())
            decoder.open(Item(name, File(str(file_of(name)))))
            return pixel_hash(decoder.decode(admit).pixels)
        except ImageError as error:
            return error
