"""What turns items into rows: on this machine, or on a cluster."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from musiq.inputs.item import Item, Stamp
from musiq.rows import Row, Scoring

KnownBy = Literal["path", "content"]


@dataclass(frozen=True)
class Result:
    """One finished image.

    Attributes:
        row: of its score or its error.
        stamp: of its file, from before it was read.
        known: how the store knew it; None if it was scored now.
    """

    row: Row
    stamp: Stamp | None = None
    known: KnownBy | None = None


class Engine(Protocol):
    """Scores items."""

    @property
    def scoring(self) -> Scoring:
        """What all its scores have in common."""
        ...

    def results(self, items: Iterable[Item]) -> Iterator[Result]:
        """A result per item, in any order; items are taken only a little ahead of their results."""
        ...
