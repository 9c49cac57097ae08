"""Torch on CPU, CUDA or MPS, in float32."""

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from musiq.checkpoint import Checkpoint
from musiq.errors import MissingExtraError
from musiq.patches import PatchBatch

try:
    import torch
except ImportError:
    raise MissingExtraError("runtime torch", "train") from None

from musiq.model import MUSIQ, as_state

TOKENS_PER_GPU_BATCH = 16384


class TorchRuntime:
    """Padded batches on an accelerator, one image a call on a CPU."""

    def __init__(self, checkpoint: Checkpoint, device: str = "cpu", threads: int | None = None) -> None:
        self.device = open_device(device)
        self.tokens_per_batch = 0 if self.device.type == "cpu" else TOKENS_PER_GPU_BATCH
        if threads is not None:
            torch.set_num_threads(threads)
        self.network = MUSIQ(checkpoint.model).eval().requires_grad_(False)
        self.network.load_state_dict(as_state(checkpoint.weights))
        self.network.to(self.device)

    @torch.inference_mode()
    def logits(self, batch: PatchBatch) -> NDArray[np.float32]:
        """Network outputs `(B, K)`."""
        pixels, cell, scale, valid = (
            torch.from_numpy(getattr(batch, field.name)).to(self.device) for field in fields(batch)
        )
        with torch.backends.cudnn.flags(allow_tf32=False):
            return self.network(pixels, cell, scale, None if batch.valid.all() else valid).cpu().numpy()


def open_device(name: str) -> torch.device:
    """The torch device `name`; a `ValueError` says when this machine has none."""
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not available.get(name, False):
        raise ValueError(
            f"device {name!r} is not available here; there are {[key for key in available if available[key]]}"
        )
    return torch.device(name)
