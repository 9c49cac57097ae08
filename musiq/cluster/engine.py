"""An engine on a Ray cluster: Ray Data feeds actors, replaces those of lost nodes and asks for more nodes."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any, Self

from musiq.cluster.actor import Setup
from musiq.cluster.connection import connected, load_ray
from musiq.cluster.execution import Actors, Execution, feed_here
from musiq.cluster.feed import Batch
from musiq.decode.limits import Limits
from musiq.inputs.item import Item
from musiq.rows import Scoring
from musiq.runs.engine import Result, known_row
from musiq.sources import load_checkpoint
from musiq.store.store import Store

BATCH_ITEMS = 32  # of an actor on a CPU: some seconds' work
GPU_BATCH_ITEMS = 256
BATCH_BYTES = 32_000_000  # for items that carry their images
GPU_CPUS = 4  # decode for a GPU


class RayEngine:
    """An engine on a cluster; a context, within which it is connected.

    The store is asked here, by path and stamp, before anything is sent. Nodes cannot ask it, so a copy or a renamed
    file is scored again and not known by its content.

    Args:
        options: arguments of `Scorer.load`. `threads` or `workers`, the larger, is also the number of cores that an
            actor takes: 1 if unset, 4 beside a GPU.
        limits: of each file.
        store: whose scores are not computed again.
        retry_errors: whether images that failed before are tried again.
        address: of the cluster, see `musiq.cluster.connection.connected`.
        actors: fewest and most, None for as many as the cluster holds.
        batch_items: most images that travel together; None for 32, or 256 for a GPU.

    Raises:
        CheckpointError: the checkpoint is missing or malformed.
        MissingExtraError: Ray is not installed.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        limits: Limits,
        *,
        store: Store | None = None,
        retry_errors: bool = False,
        address: str | None = None,
        actors: tuple[int, int | None] = (1, None),
        batch_items: int | None = None,
    ) -> None:
        load_ray()
        on_gpu = options.get("device") == "cuda"
        self.checkpoint = load_checkpoint(options.get("checkpoint", "default")).under(options.get("preprocess"))
        self._options = {name: value for name, value in options.items() if name not in ("checkpoint", "preprocess")}
        cores = max(options.get("threads") or 0, options.get("workers") or 0) or (GPU_CPUS if on_gpu else 1)
        self._options["threads"] = options.get("threads") or cores
        self._options["workers"] = options.get("workers") or cores
        self._actors = Actors(*actors, cpus=cores, gpus=int(on_gpu))
        self._batch_items = batch_items or (GPU_BATCH_ITEMS if on_gpu else BATCH_ITEMS)
        self._limits, self._store, self._retry_errors, self._address = limits, store, retry_errors, address
        self._connection = ExitStack()

    @property
    def scoring(self) -> Scoring:
        """What all its scores have in common."""
        precision = self._options.get("precision", "fp32")
        limit = self._options.get("max_patches")
        return Scoring.of(self.checkpoint.id, self.checkpoint.preprocess, precision, limit)

    def __enter__(self) -> Self:
        self._connection.enter_context(connected(self._address))
        self._sent = load_ray().put(self.checkpoint)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def results(self, items: Iterable[Item]) -> Iterator[Result]:
        """A result per item, exactly one whatever happens to nodes, in any order.

        Raises:
            ClusterError: Ray gave up.
        """
        pieces = self._pieces(items)
        for piece in pieces:
            if isinstance(piece, Result):
                yield piece
            else:
                yield from self._score(chain([piece], pieces))

    def _score(self, pieces: Iterator[Result | Batch]) -> Iterator[Result]:
        with feed_here() as feed:
            setup = Setup(feed, self._sent, self._options, self._limits, str(Path.cwd()))
            yield from Execution(pieces, setup, self._actors).results()

    def _pieces(self, items: Iterable[Item]) -> Iterator[Result | Batch]:
        """Batches of what is to be scored, and between them the results that the store knows."""
        batch = Batch()
        for item in items:
            if (known := self._known(item)) is not None:
                yield known
                continue
            batch.add(item)
            if len(batch.items) == self._batch_items or batch.bytes >= BATCH_BYTES:
                yield batch
                batch = Batch()
        if batch.items:
            yield batch

    def _known(self, item: Item) -> Result | None:
        stamp = None if self._store is None else item.source.stamp()
        row = known_row(self._store, item.name, stamp, self.scoring, self._retry_errors)
        return None if row is None else Result(row, stamp, "path")
