"""What one image costs a network: tokens, operations, parameters, time."""

import json
import time
from dataclasses import asdict, dataclass
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from musiq.atomic import write_file
from musiq.config import ModelConfig, NimaConfig, weight_shapes
from musiq.data.record import DataSet
from musiq.evaluate.predictions import rated_records
from musiq.nima import NIMA
from musiq.patches import PatchBatch, PatchConfig, patchify
from musiq.reproduce.runs import open_run
from musiq.reproduce.workshop import Workshop
from musiq.train.networks import Network, run_network
from musiq.train.recipe import Recipe

PASSES = 5
COST_FILE = "cost.json"


@dataclass(frozen=True)
class Cost:
    """The cost of one image.

    Attributes:
        tokens: patches in its sequence.
        flops: floating-point operations of the network, from pixels to logits: two per product and sum, as torch counts
            those of convolutions and matrix products.
        parameters: of the network.
        milliseconds: to cut the decoded image into patches and run the network on it, on the CPU; median of five
            passes.
        threads: that torch had for it.
        size: (height, width) of the image in px.
    """

    tokens: int
    flops: int
    parameters: int
    milliseconds: float
    threads: int
    size: tuple[int, int]

    @classmethod
    def sum_of(cls, costs: "list[Cost]") -> "Cost":
        """The cost of running all of them, one after another."""
        return cls(
            sum(cost.tokens for cost in costs),
            sum(cost.flops for cost in costs),
            sum(cost.parameters for cost in costs),
            sum(cost.milliseconds for cost in costs),
            costs[0].threads,
            costs[0].size,
        )


def kept_cost(recipe: Recipe, data: DataSet, workshop: Workshop) -> Cost:
    """The cost of the first test image for the network of a finished run: measured once, then read from its folder."""
    path = workshop.folder(recipe, data) / COST_FILE
    if not path.exists():
        network, image = open_run(recipe, data, workshop), rated_records(data, ("test",))[0].pixels()
        write_file(path, json.dumps(asdict(measure_cost(network, recipe.patches, image))).encode())
    values = json.loads(path.read_text())
    return Cost(**values | {"size": tuple(values["size"])})


def measure_cost(network: Network, patches: PatchConfig, image: NDArray[np.uint8]) -> Cost:
    """The cost of an image, uint8 `(H, W, 3)`, on the CPU, with the threads that torch has."""
    batch = patchify(image, patches)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    seconds = sorted(_time(network, patches, image) for _ in range(PASSES))
    flops, milliseconds = _count(network, batch), 1000 * seconds[PASSES // 2]
    size = image.shape[0], image.shape[1]
    return Cost(batch.valid.shape[1], flops, parameters, milliseconds, torch.get_num_threads(), size)


def _time(network: Network, patches: PatchConfig, image: NDArray[np.uint8]) -> float:
    start = time.perf_counter()
    run_network(network, patchify(image, patches))
    return time.perf_counter() - start


def _count(network: Network, batch: PatchBatch) -> int:
    """Counted with attention as plain matrix products: of the fused kernels for CPUs torch knows no count."""
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        run_network(network, batch)
    return counter.get_total_flops()


def parameter_count(config: ModelConfig | NimaConfig) -> int:
    """Parameters of the network that the configuration names."""
    if isinstance(config, ModelConfig):
        return sum(prod(shape) for shape in weight_shapes(config).values())
    with torch.device("meta"):  # nothing is allocated
        return sum(parameter.numel() for parameter in NIMA(config).parameters())
