"""Where each chosen photo stands among all that were there."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musiq.choose.photo import Photo, best_first
from musiq.choose.select import Rule


@dataclass(frozen=True, slots=True)
class Ranked:
    """A photo and its place.

    Attributes:
        photo: of which the rest is said.
        rank: 1 for the best; equal scores share a rank, and the next one is skipped (1, 2, 2, 4).
        percentile: how many percent of the photos are worse, those of equal score, itself included, counted half; in
            (0, 100), and 50 for a photo alone.
    """

    photo: Photo
    rank: int
    percentile: float


def ranked(photos: Iterable[Photo], rule: Rule, higher_is_better: bool = True) -> Iterator[Ranked]:
    """The photos that the rule chooses, in its order, each with its place among all.

    Beside what the rule holds, 8 bytes a photo are held.
    """
    scores = array("d")

    def noted() -> Iterator[Photo]:
        for photo in photos:
            scores.append(photo.score)
            yield photo

    chosen = rule(noted(), best_first(higher_is_better))
    ascending = np.sort(np.frombuffer(scores) if scores else np.zeros(0))
    return (place(photo, ascending, higher_is_better) for photo in chosen)


def place(photo: Photo, ascending: NDArray[np.float64], higher_is_better: bool = True) -> Ranked:
    """Where a photo stands among these scores, float64 `(N,)`, its own among them."""
    lower, upto = (int(np.searchsorted(ascending, photo.score, side)) for side in ("left", "right"))
    better, worse = (len(ascending) - upto, lower) if higher_is_better else (lower, len(ascending) - upto)
    return Ranked(photo, better + 1, 100 * (worse + (upto - lower) / 2) / len(ascending))
