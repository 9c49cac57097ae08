"""What one image costs a network: tokens, operations, parameters, time."""

import time
from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from musiq.config import ModelConfig, NimaConfig, weight_shapes
from musiq.nima import NIMA
from musiq.patches import PatchBatch, PatchConfig, patchify
from musiq.train.networks import Network

PASSES = 5


@dataclass(frozen=True)
class Cost:
    """The cost of one image.

    Attributes:
        tokens: patches in its sequence.
        flops: floating-point operations of the network, from pixels to logits: two per product and sum, as torch counts
            those of convolutions and matrix products.
        parameters: of the network.
        milliseconds: to cut the decoded image into patches and run the network on it; median of five passes.
    """

    tokens: int
    flops: int
    parameters: int
    milliseconds: float

    @classmethod
    def sum_of(cls, costs: "list[Cost]") -> "Cost":
        """The cost of running all of them, one after another."""
        fields = zip(*((cost.tokens, cost.flops, cost.parameters, cost.milliseconds) for cost in costs), strict=True)
        tokens, flops, parameters, milliseconds = map(sum, fields)
        return cls(int(tokens), int(flops), int(parameters), milliseconds)


def measure_cost(network: Network, patches: PatchConfig, image: NDArray[np.uint8]) -> Cost:
    """The cost of an image, uint8 `(H, W, 3)`, on the CPU, with the threads that torch has."""
    batch = patchify(image, patches)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    seconds = sorted(_time(network, patches, image) for _ in range(PASSES))
    return Cost(batch.valid.shape[1], _count(network, batch), parameters, 1000 * seconds[PASSES // 2])


def _time(network: Network, patches: PatchConfig, image: NDArray[np.uint8]) -> float:
    start = time.perf_counter()
    _run(network, patchify(image, patches))
    return time.perf_counter() - start


def _count(network: Network, batch: PatchBatch) -> int:
    """Counted with attention as plain matrix products: of the fused kernels for CPUs torch knows no count."""
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        _run(network, batch)
    return counter.get_total_flops()


def _run(network: Network, batch: PatchBatch) -> None:
    with torch.no_grad():
        network(*(torch.from_numpy(field) for field in (batch.pixels, batch.cell, batch.scale)))


def parameter_count(config: ModelConfig | NimaConfig) -> int:
    """Parameters of the network that the configuration names."""
    if isinstance(config, ModelConfig):
        return sum(prod(shape) for shape in weight_shapes(config).values())
    with torch.device("meta"):  # nothing is allocated
        return sum(parameter.numel() for parameter in NIMA(config).parameters())
