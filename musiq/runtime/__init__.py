"""Logits from patch sequences, behind one small protocol: ONNX Runtime, OpenVINO or torch."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from musiq.checkpoint import Checkpoint
from musiq.patches import PatchSequence
from musiq.runtime.choose import Device, RuntimeName, choose_runtime
from musiq.runtime.precision import Precision

__all__ = ["Device", "Precision", "Runtime", "RuntimeName", "open_runtime"]


class Runtime(Protocol):
    """Executes one checkpoint."""

    @property
    def name(self) -> str:
        """Which runtime it is: `onnx`, `openvino` or `torch`."""
        ...

    @property
    def precision(self) -> Precision:
        """How it multiplies."""
        ...

    @property
    def tokens_per_batch(self) -> int:
        """Patches of all images together that one call should hold; 0 asks for one image a call."""
        ...

    @property
    def bytes_per_token(self) -> int:
        """Memory that a patch takes while its image is in the network."""
        ...

    @property
    def one_core(self) -> "Runtime | None":
        """The same network on one core, for calls from several threads at once; None where calls must take turns."""
        ...

    def logits(self, images: Sequence[PatchSequence]) -> NDArray[np.float32]:
        """Network outputs `(B, K)`, a row per image; what stands beside an image does not change its row."""
        ...


def open_runtime(
    checkpoint: Checkpoint,
    name: RuntimeName = "auto",
    device: Device = "cpu",
    threads: int | None = None,
    precision: Precision = "fp32",
) -> Runtime:
    """The runtime `name` loaded with `checkpoint`.

    Args:
        name: `onnx`, `openvino`, `torch`, or `auto`: see `musiq.runtime.choose`.
        device: where torch runs; the others run on the CPU.
        threads: threads of the network, None for one per core.

    Raises:
        ValueError: an unknown runtime, or a device or a precision that it or this machine lacks.
        MissingExtraError: the runtime is not installed.
    """
    chosen = choose_runtime(name, device, precision).name
    if chosen == "onnx":
        from musiq.runtime.onnx import OnnxRuntime

        return OnnxRuntime(checkpoint, threads, precision)
    if chosen == "openvino":
        from musiq.runtime.openvino import OpenVinoRuntime

        return OpenVinoRuntime(checkpoint, threads, precision)
    from musiq.runtime.torch import TorchRuntime

    return TorchRuntime(checkpoint, device, threads, precision)
