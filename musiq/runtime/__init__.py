"""Logits from a `PatchBatch`, behind one small protocol: ONNX Runtime by default, torch when asked."""

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from musiq.checkpoint import Checkpoint
from musiq.patches import PatchSequence

RuntimeName = Literal["onnx", "torch"]
Device = Literal["cpu", "cuda", "mps"]


class Runtime(Protocol):
    """Executes one checkpoint.

    Attributes:
        tokens_per_batch: patches of all images together that one call should hold; 0 asks for one image a call.
    """

    tokens_per_batch: int

    def logits(self, images: Sequence[PatchSequence]) -> NDArray[np.float32]:
        """Network outputs `(B, K)`, a row per image; what stands beside an image does not change its row."""
        ...


def open_runtime(
    checkpoint: Checkpoint, name: RuntimeName = "onnx", device: Device = "cpu", threads: int | None = None
) -> Runtime:
    """The runtime `name` loaded with `checkpoint`.

    Args:
        device: where torch runs; ONNX Runtime runs on the CPU.
        threads: threads of the network, None for one per core.

    Raises:
        ValueError: an unknown runtime, or a device that it lacks.
        MissingExtraError: torch is asked for and not installed.
    """
    if name == "onnx":
        if device != "cpu":
            raise ValueError(f"runtime onnx runs on the cpu; for {device} use runtime torch")
        from musiq.runtime.onnx import OnnxRuntime

        return OnnxRuntime(checkpoint, threads)
    if name == "torch":
        from musiq.runtime.torch import TorchRuntime

        return TorchRuntime(checkpoint, device, threads)
    raise ValueError(f"unknown runtime {name!r}; there are onnx and torch")
