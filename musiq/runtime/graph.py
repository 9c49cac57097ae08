"""What an exported graph looks like from outside: its inputs, its names and what it depends on."""

from musiq.config import ModelConfig

WEIGHT_PREFIX = "network."  # before the names of model.py
TABLE_INPUTS = {  # weights that are inputs, so that their sizes are free: our name -> the graph's
    "spatial": "spatial_table",
    "scale": "scale_table",
    "head.weight": "head_weight",
    "head.bias": "head_bias",
}


def graph_key(model: ModelConfig) -> tuple[int, ...]:
    """What a graph depends on; embedding tables and head are its inputs."""
    return model.width, model.depth, model.heads, model.mlp, model.stem, model.stem_groups, model.patch_size
