"""The graphs of a checkpoint, and the weights that they are fed.

A graph is exported from `model.py` once per architecture and holds no weights; they are handed over at load. The
embedding tables and the head are inputs, so one pair of graphs serves any number of scales, grid cells and outputs.
"""

from collections.abc import Iterator
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from musiq.checkpoint import Checkpoint, Graphs, Weights
from musiq.config import ModelConfig
from musiq.errors import CheckpointError, MissingExtraError
from musiq.patches import PatchSequence
from musiq.spatial import sinusoid_table

INPUTS = {"spatial", "scale", "head.weight", "head.bias"}  # weights that are inputs, so that their sizes are free
STEM_BYTES_PER_PIXEL = 300  # of an inverted stem, rounded up from runs of 16 to 128 patches of 128 pixels
STEM = "stem."  # before the names of the stem's weights


def graph_key(model: ModelConfig) -> tuple[int, ...]:
    """What a graph depends on; embedding tables and head are its inputs."""
    stem = (model.stem, model.stem_groups, model.stem_units, model.patch_size)
    return model.width, model.depth, model.heads, model.mlp, *stem


def encoder_bytes(model: ModelConfig) -> int:
    """Memory that one token takes from stem to head, rounded up from runs of 3,000 to 47,000 tokens."""
    return 4 * (14 * model.width + model.mlp)


def stem_bytes(model: ModelConfig) -> int:
    """Memory that one patch takes while it is in the stem, as measured."""
    if model.stem_units:
        return STEM_BYTES_PER_PIXEL * model.patch_size**2
    return 4 * max(3, model.stem) * model.patch_size**2


def find_graphs(checkpoint: Checkpoint) -> Graphs:
    """The checkpoint's own graphs, else the shipped ones of the paper's architecture, else a fresh export by torch.

    Raises:
        CheckpointError: there are none and the architecture cannot be exported here.
    """
    if checkpoint.graphs is not None:
        return checkpoint.graphs
    if graph_key(checkpoint.model) == graph_key(ModelConfig()):
        shipped = resources.files("musiq.runtime") / "paper"
        return Graphs(*((shipped / f"{name}.onnx").read_bytes() for name in Graphs._fields))
    try:
        from musiq.runtime.export import export_graphs
    except MissingExtraError as error:
        raise CheckpointError(
            f"{checkpoint.name}: no graph for this architecture; musiq ships the paper's, and exports others with "
            f"torch. {error}"
        ) from error
    return export_graphs(checkpoint.model)


def stem_weights(checkpoint: Checkpoint) -> Weights:
    """The weights inside the stem's graph."""
    return {name: array for name, array in checkpoint.weights.items() if name.startswith(STEM)}


def encoder_weights(checkpoint: Checkpoint) -> Weights:
    """The weights inside the encoder's graph."""
    return {
        name: array for name, array in checkpoint.weights.items() if name not in INPUTS and not name.startswith(STEM)
    }


def stem_tables(checkpoint: Checkpoint) -> dict[str, NDArray[np.float32]]:
    """The stem's inputs that are weights; an embedding that the architecture lacks is a table of zeros."""
    model, weights = checkpoint.model, checkpoint.weights
    if model.spatial == "sinusoid":
        cells = sinusoid_table(model.grid_size, model.width)
    else:
        cells = weights.get("spatial", np.zeros((model.grid_size**2, model.width), np.float32))
    return {
        "spatial_table": cells,
        "scale_table": weights.get("scale", np.zeros((model.scales, model.width), np.float32)),
    }


def head_tables(checkpoint: Checkpoint) -> dict[str, NDArray[np.float32]]:
    """The encoder's inputs that are weights."""
    return {"head_weight": checkpoint.weights["head.weight"], "head_bias": checkpoint.weights["head.bias"]}


def stem_inputs(image: PatchSequence) -> Iterator[dict[str, NDArray]]:
    """The stem's inputs for a few patches after another."""
    start = 0
    for pixels in image.pieces():
        part = slice(start, start + len(pixels))
        yield {"pixels": pixels, "cell": image.cell[part], "scale": image.scale[part]}
        start = part.stop
