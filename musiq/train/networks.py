"""The networks that the loop trains, by their configuration."""

from dataclasses import replace

import torch
from torch import Tensor

from musiq.config import ModelConfig, NimaConfig
from musiq.model import MUSIQ
from musiq.nima import NIMA
from musiq.patches import PatchBatch

Network = MUSIQ | NIMA


def make_network(config: ModelConfig | NimaConfig, outputs: int) -> Network:
    """The network that the configuration names, with random weights and so many outputs K."""
    if isinstance(config, NimaConfig):
        return NIMA(replace(config, outputs=outputs))
    return MUSIQ(replace(config, outputs=outputs))


def run_network(network: Network, batch: PatchBatch, device: torch.device | str = "cpu") -> Tensor:
    """Logits `(B, K)` of sequences without padding, without gradients, on the device of the network."""
    fields = (torch.from_numpy(field) for field in (batch.pixels, batch.cell, batch.scale))
    with torch.no_grad():
        logits: Tensor = network(*(field.to(device) for field in fields))
    return logits
