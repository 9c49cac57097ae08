"""What turns items into rows: on this machine, or on a cluster."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from musiq.inputs.item import Item, Stamp
from musiq.rows import Row, Scoring
from musiq.store.store import Store

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


def known_row(store: Store | None, name: str, stamp: Stamp | None, scoring: Scoring, retry_errors: bool) -> Row | None:
    """What the store has of an unchanged file; nothing of one that failed and is to be tried again."""
    row = None if store is None else store.known(name, stamp, scoring)
    return None if row is None or (row.error is not None and retry_errors) else row


class Engine(Protocol):
    """Scores items."""

    @property
    def scoring(self) -> Scoring:
        """What all its scores have in common."""
        ...

    def results(self, items: Iterable[Item]) -> Iterator[Result]:
        """A result per item, in any order; items are taken only a little ahead of their results."""
        ...
