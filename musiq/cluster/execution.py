"""One execution of Ray Data: numbers of batches go in, their results come out."""

import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from musiq.cluster.actor import ScoringActor, Setup
from musiq.cluster.connection import load_ray
from musiq.cluster.feed import Batch, Feed
from musiq.errors import ClusterError
from musiq.progress import say
from musiq.runs.engine import Result

MOST_BATCHES = 10_000  # of one execution: Ray keeps some kilobytes of each until it ends
AHEAD = 4  # batches per actor that are handed in before their results; with fewer Ray would not add actors
AHEAD_BYTES = 1_000_000_000  # of all batches that are handed in


@dataclass(frozen=True)
class Actors:
    """How many actors there are, and what each of them takes.

    Attributes:
        least, most: Ray adds and removes actors in between; None for as many as the cluster can hold.
        cpus, gpus: of each.
    """

    least: int = 1
    most: int | None = None
    cpus: int = 1
    gpus: float = 0

    def check(self) -> None:
        """Says so where no node is large enough: actors wait until one comes."""
        nodes = [node["Resources"] for node in load_ray().nodes() if node["Alive"]]
        if not any(node.get("CPU", 0) >= self.cpus and node.get("GPU", 0) >= self.gpus for node in nodes):
            say(f"musiq: no node has {self.cpus} CPUs and {self.gpus:g} GPUs for a scorer; waiting for one")

    def fitting(self, resources: Mapping[str, float]) -> int:
        """How many these resources are enough for, within the bounds."""
        room = int(resources.get("CPU", 0) // self.cpus)
        if self.gpus:
            room = min(room, int(resources.get("GPU", 0) // self.gpus))
        return max(self.least, room if self.most is None else min(room, self.most))


class Execution:
    """Hands batches in only a little ahead of their results.

    Args:
        pieces: batches to score, and results that are known, to be handed on.
    """

    def __init__(self, pieces: Iterator[Result | Batch], setup: Setup, actors: Actors) -> None:
        self._pieces, self._setup, self._actors = pieces, setup, actors
        self._open: dict[int, int] = {}  # bytes of each batch that has no results yet
        self._count, self._most_open, self._closed = 0, 0, False

    def results(self) -> Iterator[Result]:
        """The results of at most `MOST_BATCHES` batches.

        Raises:
            ClusterError: Ray gave up.
        """
        self._actors.check()
        yield from self._fill()
        for number, results in _scored(self._setup, self._actors):
            if self._open.pop(number, None) is not None:  # else scored again, for its results were lost on the way
                self._setup.feed.drop.remote(number)
                yield from pickle.loads(results)
                yield from self._fill()
        if self._open:
            raise ClusterError(f"Ray ended without the results of {len(self._open)} batches")

    def _fill(self) -> Iterator[Result]:
        while not self._closed and self._has_room():
            piece = next(self._pieces, None) if self._count < MOST_BATCHES else None
            if isinstance(piece, Result):
                yield piece
            elif piece is None:
                self._closed = True
                self._setup.feed.close.remote(self._count)
            else:
                self._setup.feed.put.remote(self._count, piece)
                self._open[self._count] = piece.bytes
                self._count += 1

    def _has_room(self) -> bool:
        actors = self._actors.fitting(load_ray().cluster_resources())
        self._most_open = max(self._most_open, AHEAD * actors)  # batches of lost nodes may wait, the others go on
        return len(self._open) < self._most_open and sum(self._open.values()) < AHEAD_BYTES


@contextmanager
def feed_here() -> Iterator[Any]:
    """The handle of a new `Feed` on this node."""
    ray = load_ray()
    feed = ray.remote(num_cpus=0, label_selector=_here())(Feed).remote()
    try:
        yield feed
    finally:
        if ray.is_initialized():
            ray.kill(feed)


def _here() -> dict[str, str]:
    """Labels of this node alone."""
    return {"ray.io/node-id": load_ray().get_runtime_context().get_node_id()}


def _scored(setup: Setup, actors: Actors) -> Iterator[tuple[int, bytes]]:
    """Numbers of batches with their pickled results, in any order."""
    ray = load_ray()
    tables = _dataset(setup, actors).iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)
    try:
        for table in tables:
            yield from zip(table["number"].to_pylist(), table["results"].to_pylist(), strict=True)
    except ray.exceptions.RayError as error:
        raise ClusterError(f"Ray gave up: {(str(error).strip() or type(error).__name__).splitlines()[-1]}") from error


def _dataset(setup: Setup, actors: Actors) -> Any:
    ray = load_ray()
    source = ray.data.from_items([0], override_num_blocks=1)
    source.context.target_max_block_size = 1  # a batch is handed on at once, not when there are many
    if not actors.gpus:  # else Ray asks for nodes of every type, those with GPUs too
        source.context.execution_options.resource_limits = ray.data.ExecutionResources.for_limits(gpu=0)
    numbers = source.map_batches(
        _numbers, batch_size=None, fn_kwargs={"feed": setup.feed}, num_cpus=0, label_selector=_here()
    )
    first = actors.fitting(ray.available_resources())
    return numbers.map_batches(
        ScoringActor,
        batch_size=None,
        batch_format="pyarrow",
        fn_constructor_kwargs={"setup": setup},
        compute=ray.data.ActorPoolStrategy(min_size=actors.least, max_size=actors.most, initial_size=first),
        num_cpus=actors.cpus,
        num_gpus=actors.gpus,
    )


def _numbers(_: Any, feed: Any) -> Iterator[Any]:
    """A table per batch, as soon as it is handed in."""
    import pyarrow as pa
    import ray

    number = 0
    while ray.get(feed.has.remote(number)):
        yield pa.table({"number": [number]})
        number += 1
