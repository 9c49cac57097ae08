"""Logits of validation images, shared among the processes of a run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musiq.data.record import Record
from musiq.patches import PatchBatch, PatchConfig, patchify
from musiq.progress import progress_bar
from musiq.train.distributed import World
from musiq.train.networks import Network, run_network

Cut = Callable[[Record], PatchBatch]  # a rated image -> its whole patch sequence


@dataclass(frozen=True)
class CutPhoto:
    """Cuts a rated image into its pyramid's patches."""

    patches: PatchConfig

    def __call__(self, record: Record) -> PatchBatch:
        """The sequence, B = 1; a `DataError` if the image cannot be read."""
        return patchify(record.needed_pixels(), self.patches)


def predict(network: Network, records: Sequence[Record], cut: Cut, world: World) -> NDArray[np.float64]:
    """Logits `(N, K)` in the order of `records`: each image whole, in evaluation mode, one at a time."""
    ours = range(world.rank, len(records), world.size)
    rows: list[list[float]] = []
    with progress_bar("validating", len(ours), live=world.leads) as advance:
        for index in ours:
            rows.append(_predict_one(network, cut(records[index]), world))
            advance("")
    logits = np.empty((len(records), network.config.outputs))
    for rank, found in enumerate(world.gather(rows)):
        logits[rank :: world.size] = found
    return logits


def _predict_one(network: Network, fields: PatchBatch, world: World) -> list[float]:
    with world.precision():
        return run_network(network, fields, world.device)[0].float().tolist()
