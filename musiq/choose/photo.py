"""What choosing holds of a row, so that a million rows fit in memory, and which of two photos is the better."""

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from musiq.errors import StoreError
from musiq.rows import Row

Report = Callable[[str], object]  # takes a sentence about a photo that is left out


@dataclass(frozen=True, slots=True)
class Photo:
    """A scored photo.

    Attributes:
        path: as in its row.
        score: a finite number.
        band: as in its row.
    """

    path: str
    score: float
    band: str | None = None


Key = Callable[[Photo], tuple[float, str]]


def best_first(higher_is_better: bool = True) -> Key:
    """Sorts the best photo first, and equal scores by path. A row does not say the direction; ours is higher."""
    sign = -1 if higher_is_better else 1
    return lambda photo: (sign * photo.score, photo.path)


def scored_photos(rows: Iterable[Row], report: Report) -> Iterator[Photo]:
    """The photos of the rows that have a score, as they come; of each other one `report` is told.

    Raises:
        StoreError: rows of different checkpoints, preprocessing or precision; their scores do not compare.
    """
    check = _Comparison()
    for row in rows:
        if row.score is None or not math.isfinite(row.score):
            report(_why_none(row))
            continue
        check.add(row)
        yield Photo(row.path, row.score, None if row.band is None else sys.intern(row.band))


def _why_none(row: Row) -> str:
    reason = row.error or ("no score" if row.score is None else f"its score is {row.score}")
    return reason if reason.startswith(row.path) else f"{row.path}: {reason}"


class _Comparison:
    """Refuses a row that does not compare with the rows before; images below a cap on patches compare with capped."""

    def __init__(self) -> None:
        self._first: Row | None = None  # or the first capped one

    def add(self, row: Row) -> None:
        if self._first is None:
            self._first = row
        scoring, cap = _scoring(row)
        before, cap_before = _scoring(self._first)
        if scoring != before or (cap and cap_before and cap != cap_before):
            raise StoreError(
                f"{row.path}: scored by {_describe(row)}, and {self._first.path} by {_describe(self._first)}; "
                "such scores do not compare"
            )
        if cap and not cap_before:
            self._first = row


def _scoring(row: Row) -> tuple[tuple[str | None, ...], str]:
    """What must be equal, and the cap on patches."""
    plain, cap, limit = (row.preprocess or "").rpartition("/max")
    capped = limit.isdecimal() and cap
    return (row.weights, plain if capped else row.preprocess, row.precision), limit if capped else ""


def _describe(row: Row) -> str:
    return " ".join(fact for fact in (row.checkpoint, row.preprocess, row.precision) if fact) or "something unnamed"
