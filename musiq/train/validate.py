"""Logits of validation images, shared among the processes of a run."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from musiq.data.loader import Sample, TrainBatch, ragged_batches
from musiq.data.record import Record
from musiq.errors import DataError, ImageError
from musiq.model import MUSIQ
from musiq.patches import PatchConfig, patchify
from musiq.progress import progress_bar
from musiq.train.distributed import World

NO_TARGET = np.zeros(1, np.float32)


def predict(network: MUSIQ, records: Sequence[Record], patches: PatchConfig, world: World) -> NDArray[np.float64]:
    """Logits `(N, K)` in the order of `records`: each image whole, in evaluation mode, one at a time."""
    ours = range(world.rank, len(records), world.size)
    rows: list[list[float]] = []
    with torch.no_grad(), progress_bar("validating", len(ours), live=world.leads) as advance:
        for index in ours:
            rows.append(_predict_one(network, records[index], patches, world.device))
            advance("")
    logits = np.empty((len(records), network.config.outputs))
    for rank, found in enumerate(world.gather(rows)):
        logits[rank :: world.size] = found
    return logits


def _predict_one(network: MUSIQ, record: Record, patches: PatchConfig, device: torch.device) -> list[float]:
    try:
        pixels = record.pixels()
    except ImageError as error:
        raise DataError(str(error)) from error
    (batch,) = ragged_batches([Sample(patchify(pixels, patches), NO_TARGET)], 1)
    return forward(network, batch.to(device), device)[0].tolist()


def forward(network: torch.nn.Module, batch: TrainBatch, device: torch.device) -> torch.Tensor:
    """Logits `(B, K)` in float32; computed in bfloat16 on CUDA."""
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        if isinstance(network, MUSIQ):
            return network(batch.pixels, batch.cell, batch.scale, None).float()
        return network(batch).float()
