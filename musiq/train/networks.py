"""The networks that the loop trains, by their configuration."""

from dataclasses import replace

from musiq.config import ModelConfig, NimaConfig
from musiq.model import MUSIQ
from musiq.nima import NIMA

Network = MUSIQ | NIMA


def make_network(config: ModelConfig | NimaConfig, outputs: int) -> Network:
    """The network that the configuration names, with random weights and so many outputs K."""
    if isinstance(config, NimaConfig):
        return NIMA(replace(config, outputs=outputs))
    return MUSIQ(replace(config, outputs=outputs))
