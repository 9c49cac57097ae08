"""Two scorings of the same images: how far they agree. Takes about 150 bytes of memory an image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musiq.errors import StoreError
from musiq.rows import Scoring
from musiq.store.holdings import find_scorings, named_scorings, only_scoring
from musiq.store.schema import SCORING
from musiq.store.store import Store

Series = NDArray[np.float64]
SCORES = f"SELECT hash, score FROM scores CROSS JOIN contents ON contents.id = content WHERE scoring = {SCORING}"
PATH = (
    "SELECT path FROM contents CROSS JOIN files ON files.content = contents.id WHERE hash = :hash ORDER BY path LIMIT 1"
)


@dataclass(frozen=True)
class Pair:
    """An image and what the two scorings say of it; the path of one file, or the hash where all are forgotten."""

    path: str
    first: float
    second: float


@dataclass(frozen=True)
class Comparison:
    """How far two scorings agree.

    Attributes:
        images: of different contents, that both have scored.
        srcc, plcc: Spearman's and Pearson's correlation; NaN for fewer than 2 images or equal scores.
        mean_difference, largest_difference: of the scores, without sign.
        worst: the images that differ most, the largest difference first.
    """

    images: int
    srcc: float
    plcc: float
    mean_difference: float
    largest_difference: float
    worst: tuple[Pair, ...]


def choose_two(
    store: Store, other: Store, of: str | None = None, against: str | None = None
) -> tuple[Scoring, Scoring]:
    """A scoring of one store and one of another or, where both are one file, two different ones, the older first.

    Args:
        of, against: how the short id of each, or the hash of its weights, begins; None where there is no choice.

    Raises:
        StoreError: there are none such, or several.
    """
    first, second = _held(store, of), _held(other, against)
    if store.path == other.path:
        first, second = _apart(first, second)
        if not second:
            raise StoreError(f"{store.path}: holds no two such scorings to compare")
    return only_scoring(store, first, "--of"), only_scoring(other, second, "--with")


def _apart(first: list[Scoring], second: list[Scoring]) -> tuple[list[Scoring], list[Scoring]]:
    """What is left of each when the other's only scoring is taken; of the same two, one each."""
    if len(first) == 1:
        return first, [one for one in second if one not in first]
    if len(second) == 1:
        return [one for one in first if one not in second], second
    return (first[:1], second[1:]) if first == second and len(first) == 2 else (first, second)


def _held(store: Store, name: str | None) -> list[Scoring]:
    return find_scorings(store) if name is None else named_scorings(store, name)


def check_alike(first: Scoring, second: Scoring) -> None:
    """Refuses scorings of unlike checkpoints or preprocessing; the precision may differ."""
    unlike = [
        name
        for name, differ in (
            ("checkpoints", first.weights != second.weights),
            ("preprocessing", first.preprocess != second.preprocess),
        )
        if differ
    ]
    if unlike:
        raise StoreError(f"scores of unlike {' and '.join(unlike)} do not compare: {first} and {second}")


def compare_scorings(first: tuple[Store, Scoring], second: tuple[Store, Scoring], worst: int = 10) -> Comparison:
    """How far two scorings agree on the contents that both have.

    Args:
        worst: how many images to name.

    Raises:
        StoreError: there are none.
    """
    (hashes, a), (others, b) = _scores(*first), _scores(*second)
    shared, at, there = np.intersect1d(hashes, others, assume_unique=True, return_indices=True)
    if not len(shared):
        raise StoreError(f"no image has been scored by both {first[1]} and {second[1]}")
    a, b = a[at], b[there]
    differences = np.abs(a - b)
    order = np.argsort(-differences, kind="stable")[:worst]
    pairs = (Pair(_path(shared[one], first[0], second[0]), float(a[one]), float(b[one])) for one in order)
    return Comparison(
        len(shared),
        _pearson(_ranks(a), _ranks(b)),
        _pearson(a, b),
        float(differences.mean()),
        float(differences.max()),
        tuple(pairs),
    )


def _scores(store: Store, scoring: Scoring) -> tuple[NDArray[np.bytes_], Series]:
    found = np.fromiter(store.read(SCORES, vars(scoring)), dtype=[("hash", "S16"), ("score", "f8")])
    return found["hash"], found["score"]


def _path(shared: bytes, *stores: Store) -> str:
    whole = shared.ljust(16, b"\0")  # NumPy drops zeros at the end
    found = (row[0] for store in stores for row in store.read(PATH, {"hash": whole}))
    return next(found, whole.hex())


def _ranks(values: Series) -> Series:
    """From 1; equal values share the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def _pearson(x: Series, y: Series) -> float:
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])
