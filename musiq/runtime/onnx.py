"""ONNX Runtime on the CPU: the default, without torch.

A graph is exported from `model.py` once per architecture and holds no weights; they are handed over at load, where
ONNX Runtime also folds what depends on them alone, the standardised kernels among it. The embedding tables and the
head are inputs, so one graph serves any number of scales, grid cells and outputs.
"""

from importlib import resources

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from musiq.checkpoint import Checkpoint
from musiq.config import ModelConfig
from musiq.errors import CheckpointError, MissingExtraError
from musiq.patches import PatchBatch
from musiq.runtime.graph import TABLE_INPUTS, WEIGHT_PREFIX, graph_key
from musiq.spatial import sinusoid_table

ERRORS_ONLY = 3


class OnnxRuntime:
    """One image a call, so that nothing is ever padded."""

    tokens_per_batch = 0

    def __init__(self, checkpoint: Checkpoint, threads: int | None = None) -> None:
        self.tables = input_tables(checkpoint)
        options = ort.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        if threads is not None:
            options.intra_op_num_threads = threads
        fixed = {
            f"{WEIGHT_PREFIX}{name}": ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array))
            for name, array in checkpoint.weights.items()
            if name not in TABLE_INPUTS
        }
        options.add_external_initializers(list(fixed), list(fixed.values()))
        self.weights = fixed  # the session reads this memory and does not own it
        self.session = ort.InferenceSession(find_graph(checkpoint), options, providers=["CPUExecutionProvider"])

    def logits(self, batch: PatchBatch) -> NDArray[np.float32]:
        """Network outputs `(B, K)`, each row computed alone and without its padding."""
        return np.concatenate([self._one(batch.row(index)) for index in range(len(batch))])

    def _one(self, row: PatchBatch) -> NDArray[np.float32]:
        feed = {"pixels": row.pixels, "cell": row.cell, "scale": row.scale, **self.tables}
        return self.session.run(["logits"], feed)[0]


def input_tables(checkpoint: Checkpoint) -> dict[str, NDArray[np.float32]]:
    """The graph's inputs that are weights; an embedding that the architecture lacks is a table of zeros."""
    model = checkpoint.model
    tables = {graph: checkpoint.weights[ours] for ours, graph in TABLE_INPUTS.items() if ours in checkpoint.weights}
    if model.spatial == "sinusoid":
        tables["spatial_table"] = sinusoid_table(model.grid_size, model.width)
    zeros = {
        "spatial_table": np.zeros((model.grid_size**2, model.width), np.float32),
        "scale_table": np.zeros((model.scales, model.width), np.float32),
    }
    return zeros | tables


def find_graph(checkpoint: Checkpoint) -> bytes:
    """The checkpoint's own graph, else the shipped one of the paper's architecture, else a fresh export by torch.

    Raises:
        CheckpointError: there is none and the architecture cannot be exported here.
    """
    if checkpoint.graph is not None:
        return checkpoint.graph
    if graph_key(checkpoint.model) == graph_key(ModelConfig()):
        return (resources.files("musiq.runtime") / "paper.onnx").read_bytes()
    try:
        from musiq.runtime.export import export_graph
    except MissingExtraError as error:
        raise CheckpointError(
            f"{checkpoint.name}: no graph for this architecture; musiq ships the paper's, and exports others with "
            f"torch. {error}"
        ) from error
    return export_graph(checkpoint.model)
