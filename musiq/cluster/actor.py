"""What scores on the nodes: an actor with a network and decoders of its own."""

import os
import pickle
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from musiq import __version__
from musiq.cluster.feed import Batch
from musiq.decode.limits import Limits
from musiq.decode.pool import Decoders
from musiq.errors import ClusterError
from musiq.inputs.item import Item, Unreadable
from musiq.runs.engine import Result
from musiq.runs.local import LocalEngine
from musiq.scorer import Scorer

TRIES = 2  # of an item alone, before it is blamed for the deaths of its actors


@dataclass(frozen=True)
class Setup:
    """What the driver tells its actors.

    Attributes:
        feed: handle of the `Feed`.
        checkpoint: reference of the `Checkpoint`, so that no node needs the file.
        options: further arguments of `Scorer.load`.
        limits: of each file.
        folder: of the driver, which relative paths start from.
        version: of the driver's musiq.
    """

    feed: Any
    checkpoint: Any
    options: Mapping[str, Any]
    limits: Limits
    folder: str = ""
    version: str = __version__


class ScoringActor:
    """Turns numbers of batches into results, by a `LocalEngine`."""

    def __init__(self, setup: Setup) -> None:
        import ray

        if setup.version != __version__:
            raise ClusterError(f"the driver has musiq {setup.version}, a node {__version__}")
        with suppress(OSError):  # a node without that folder needs absolute paths
            os.chdir(setup.folder)
        self._feed = setup.feed
        self._decoders = Decoders(setup.limits, ready=1)
        self._engine = LocalEngine(Scorer.load(ray.get(setup.checkpoint), **setup.options), self._decoders)

    def __call__(self, rows: Any) -> Any:
        """A table of number and pickled results for a table of numbers."""
        import pyarrow as pa

        numbers = rows["number"].to_pylist()
        results = [pickle.dumps(list(self._score(number))) for number in numbers]
        return pa.table({"number": numbers, "results": results})

    def _score(self, number: int) -> Iterator[Result]:
        import ray

        batch, again = ray.get(self._feed.take.remote(number))
        if not again:
            yield from self._engine.results(batch)
        else:
            for item in self._one_by_one(number, batch):
                yield from self._engine.results([item])

    def _one_by_one(self, number: int, batch: Batch) -> Iterator[Item]:
        """The items of a batch that may have ended its actor; one that does so alone is not tried any more."""
        import ray

        for place, item in enumerate(batch):
            deaths = ray.get(self._feed.begin.remote(number, place))
            blame = Unreadable(f"the process that scored it died {deaths} times", "crashed")
            yield item if deaths < TRIES else Item(item.name, blame)
        ray.get(self._feed.begin.remote(number, None))
