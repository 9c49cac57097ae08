"""Logits of validation images, shared among the processes of a run."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from musiq.data.record import Record
from musiq.errors import DataError, ImageError
from musiq.model import MUSIQ
from musiq.patches import PatchConfig, patchify
from musiq.progress import progress_bar
from musiq.train.distributed import World


def predict(network: MUSIQ, records: Sequence[Record], patches: PatchConfig, world: World) -> NDArray[np.float64]:
    """Logits `(N, K)` in the order of `records`: each image whole, in evaluation mode, one at a time."""
    ours = range(world.rank, len(records), world.size)
    rows: list[list[float]] = []
    with torch.no_grad(), progress_bar("validating", len(ours), live=world.leads) as advance:
        for index in ours:
            rows.append(_predict_one(network, records[index], patches, world))
            advance("")
    logits = np.empty((len(records), network.config.outputs))
    for rank, found in enumerate(world.gather(rows)):
        logits[rank :: world.size] = found
    return logits


def _predict_one(network: MUSIQ, record: Record, patches: PatchConfig, world: World) -> list[float]:
    try:
        pixels = record.pixels()
    except ImageError as error:
        raise DataError(str(error)) from error
    fields = patchify(pixels, patches)
    tensors = (torch.from_numpy(field).to(world.device) for field in (fields.pixels, fields.cell, fields.scale))
    with world.precision():
        return network(*tensors)[0].float().tolist()
