"""What is timed. Each contender is built in a process of its own and answers one size after another."""

import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musiq.checkpoint import Checkpoint
from musiq.config import ModelConfig
from musiq.patches import patch_sequence
from musiq.runtime import Runtime
from musiq.runtime.choose import Installed, is_installed
from musiq.runtime.graph import graph_key
from musiq.runtime.precision import Precision, multiplies

PEAK_SIDE = 2048
PEAK_PRODUCTS = 4  # a turn
Image = NDArray[np.uint8]
Timed = Callable[[Image], tuple[float, float]]  # an image -> seconds in the network, seconds from pixels to score


def peaks() -> list[str]:
    """Names of the matrix products that say how fast this machine multiplies in float32."""
    return ["peak-numpy", *(["peak-torch"] if find_spec("torch") else [])]


def networks(model: ModelConfig) -> list[str]:
    """Names of the networks that can be timed here, the plain eager one first; the port has the paper's alone."""
    names = ["eager"]
    pairs: tuple[tuple[Installed, Precision], ...] = (
        ("onnx", "fp32"),
        ("onnx", "int8"),
        ("openvino", "fp32"),
        ("openvino", "bf16"),
        ("torch", "fp32"),
        ("torch", "bf16"),
    )
    names += [
        f"{name}-{precision}"
        for name, precision in pairs
        if is_installed(name) and (multiplies(precision) or (name, precision) == ("onnx", "int8"))
    ]
    return names + (["port"] if find_spec("pyiqa") and graph_key(model) == graph_key(ModelConfig()) else [])


def build(name: str, checkpoint: Checkpoint) -> Timed:
    """The contender `name`, loaded."""
    if name.startswith("peak-"):
        return _peak(name)
    if name == "eager":
        return _eager(checkpoint)
    if name == "port":
        return _port()
    return _runtime(name, checkpoint)


def _peak(name: str) -> Timed:
    square = np.random.default_rng(0).random((PEAK_SIDE, PEAK_SIDE), np.float32)
    if name == "peak-torch":
        import torch

        tensor = torch.from_numpy(square)
        return lambda _: _both(lambda: [tensor @ tensor for _ in range(PEAK_PRODUCTS)])
    return lambda _: _both(lambda: [square @ square for _ in range(PEAK_PRODUCTS)])


def _eager(checkpoint: Checkpoint) -> Timed:
    import torch

    from musiq.model import MUSIQ, as_state

    network = MUSIQ(checkpoint.model).eval()
    network.load_state_dict(as_state(checkpoint.weights))

    def timed(image: Image) -> tuple[float, float]:
        start = time.perf_counter()
        batch = patch_sequence(image, checkpoint.patches).batch()
        inputs = [torch.from_numpy(field) for field in (batch.pixels, batch.cell, batch.scale)]
        middle = time.perf_counter()
        with torch.inference_mode():
            network(*inputs)
        end = time.perf_counter()
        return end - middle, end - start

    return timed


def _runtime(name: str, checkpoint: Checkpoint) -> Timed:
    kind, precision = name.split("-")
    runtime = OPENERS[kind](checkpoint, precision)  # past the check that the processor has the instructions

    def timed(image: Image) -> tuple[float, float]:
        start = time.perf_counter()
        sequence = patch_sequence(image, checkpoint.patches)
        middle = time.perf_counter()
        runtime.logits([sequence])
        end = time.perf_counter()
        return end - middle, end - start

    return timed


def _onnx(checkpoint: Checkpoint, precision: Precision) -> Runtime:
    from musiq.runtime.onnx import OnnxRuntime

    return OnnxRuntime(checkpoint, precision=precision)


def _openvino(checkpoint: Checkpoint, precision: Precision) -> Runtime:
    from musiq.runtime.openvino import OpenVinoRuntime

    return OpenVinoRuntime(checkpoint, precision=precision)


def _torch(checkpoint: Checkpoint, precision: Precision) -> Runtime:
    from musiq.runtime.torch import TorchRuntime

    return TorchRuntime(checkpoint, precision=precision)


OPENERS: dict[str, Callable[[Checkpoint, Any], Runtime]] = {"onnx": _onnx, "openvino": _openvino, "torch": _torch}


def _port() -> Timed:
    import torch
    from pyiqa.archs.musiq_arch import MUSIQ as PORT

    network = PORT(pretrained=False).eval()

    def run(image: Image) -> None:
        with torch.inference_mode():
            network(torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255)

    return lambda image: _both(lambda: run(image))


def _both(call: Callable[[], object]) -> tuple[float, float]:
    start = time.perf_counter()
    call()
    seconds = time.perf_counter() - start
    return seconds, seconds
