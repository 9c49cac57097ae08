"""Batches of items on their way to the actors, held beside the driver."""

import asyncio
import pickle
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from musiq.inputs.item import Item


@dataclass
class Batch:
    """Items that travel together.

    Attributes:
        items: each pickled.
        bytes: of all of them.
    """

    items: list[bytes] = field(default_factory=list)
    bytes: int = 0

    def add(self, item: Item) -> None:
        self.items.append(pickle.dumps(item))
        self.bytes += len(self.items[-1])

    def __iter__(self) -> Iterator[Item]:
        return map(pickle.loads, self.items)


@dataclass
class _Waiting:
    batch: Batch
    taken: bool = False
    in_work: int | None = None  # place of the item that is scored alone
    deaths: Counter[int] = field(default_factory=Counter)  # at each place


class Feed:
    """The batches that were handed in and have no results yet, by number.

    An actor on the driver's node, so that no other node takes a batch with it. Calls may overtake each other, and what
    is asked for a second time, by Ray after the loss of a node, gets the same answer.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, _Waiting] = {}
        self._seen: set[int] = set()
        self._total: int | None = None
        self._news = asyncio.Event()

    async def put(self, number: int, batch: Batch) -> None:
        """Hands in a batch."""
        self._waiting[number] = _Waiting(batch)
        self._seen.add(number)
        self._news.set()

    async def close(self, total: int) -> None:
        """Tells how many batches there are."""
        self._total = total
        self._news.set()

    async def has(self, number: int) -> bool:
        """Whether there is, or was, a batch of this number; waits until that is known."""
        while number not in self._seen and number != self._total:
            self._news.clear()
            await self._news.wait()
        return number in self._seen

    async def take(self, number: int) -> tuple[Batch, bool]:
        """The batch, and whether it was taken before; an empty one if its results are known."""
        waiting = self._waiting.get(number)
        if waiting is None:
            return Batch(), True
        if waiting.in_work is not None:
            waiting.deaths[waiting.in_work] += 1
        again, waiting.taken, waiting.in_work = waiting.taken, True, None
        return waiting.batch, again

    async def begin(self, number: int, place: int | None) -> int:
        """Notes that the item at a place of a batch is scored now, alone, or none any more; how many deaths it was in
        work at."""
        waiting = self._waiting.get(number)
        if waiting is None:
            return 0
        waiting.in_work = place
        return 0 if place is None else waiting.deaths[place]

    async def drop(self, number: int) -> None:
        """Forgets a batch whose results are known."""
        self._waiting.pop(number, None)
