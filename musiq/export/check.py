"""Whether an exported file scores as its checkpoint does: each photo alone, and padded together with others."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from musiq.errors import OutputError
from musiq.export.network import Run
from musiq.image import DecodedImage
from musiq.patches import PatchBatch, collate, patch_sequence
from musiq.runtime.graph import stem_bytes
from musiq.scorer import Scorer

TOLERANCE = 1e-4  # of max(1, |score|), as among musiq's own runtimes
TOGETHER_BYTES = 2**30  # of activations of the photos that are padded together, at least two of them
MADE_UP = ((1, 1), (33, 500), (427, 100), (300, 451), (150, 1100))  # (height, width) in px


class Checked(NamedTuple):
    """A photo as it is fed, and what the checkpoint says of it."""

    name: str
    batch: PatchBatch
    score: float


class Agreement(NamedTuple):
    """What a check found.

    Attributes:
        photos: how many were compared.
        largest: largest difference of a score.
        at: of which photo, and whether it was alone.
    """

    photos: int
    largest: float
    at: str


def check(run: Run, scorer: Scorer, photos: Iterable[DecodedImage]) -> Agreement:
    """How far the file's scores are from the checkpoint's.

    Args:
        run: the file, loaded.
        scorer: of the checkpoint.

    Raises:
        OutputError: farther than `TOLERANCE`; names the photo and both scores.
    """
    count, largest = 0, (0.0, "")
    for group in _groups(photos, scorer):
        count += len(group)
        for photo in group:
            largest = max(largest, _compare(run, [photo], "alone"))
        largest = max(largest, _compare(run, group, "padded"))
    return Agreement(count, *largest)


def made_up_pictures() -> Iterator[DecodedImage]:
    """Noise over a slope of colours, from a dot to what the shipped checkpoint shrinks; the same each time."""
    rng = np.random.default_rng(0)
    for height, width in MADE_UP:
        slope = np.linspace(40, 200, width)[None, :, None] * np.linspace(0.6, 1, height)[:, None, None]
        noisy = slope * np.array([1, 0.8, 0.6]) + rng.normal(0, 20, (height, width, 3))
        yield DecodedImage(noisy.clip(0, 255).astype(np.uint8), f"made-up {width}x{height}")


def _groups(photos: Iterable[DecodedImage], scorer: Scorer) -> Iterator[list[Checked]]:
    """At least two photos each, as long as there are, within `TOGETHER_BYTES`."""
    group, token = list[Checked](), stem_bytes(scorer.checkpoint.model)
    for photo in photos:
        batch = patch_sequence(photo.pixels, scorer.checkpoint.patches).batch()
        group.append(Checked(photo.name, batch, scorer.score(photo).mos))
        longest = max(one.batch.valid.size for one in group)
        if len(group) > 1 and len(group) * longest * token > TOGETHER_BYTES:
            yield group
            group = []
    if group:
        yield group


def _compare(run: Run, photos: list[Checked], how: str) -> tuple[float, str]:
    """The largest difference, and where; one that is `padded` has at least one padded token."""
    batches = [photo.batch for photo in photos]
    batch = collate([*batches, _nothing(batches)] if how == "padded" else batches)
    differences = []
    for photo, found in zip(photos, run(batch).tolist(), strict=False):
        limit = TOLERANCE * max(1.0, abs(photo.score))
        if not abs(found - photo.score) <= limit:  # NaN is none
            raise OutputError(
                f"{photo.name}: scores {found:.6f} in the exported file ({how}) and {photo.score:.6f} in the "
                f"checkpoint; they may differ by {limit:.2g}"
            )
        differences.append((abs(found - photo.score), f"{photo.name}, {how}"))
    return max(differences)


def _nothing(batches: list[PatchBatch]) -> PatchBatch:
    """A sequence of padding alone, a token longer than the longest."""
    longest, first = max(batch.valid.size for batch in batches) + 1, batches[0]
    pixels = np.zeros((1, longest, *first.pixels.shape[2:]), np.float32)
    cell, valid = np.zeros((1, longest), np.int64), np.zeros((1, longest), np.bool_)
    return PatchBatch(pixels, cell, cell, valid)
