"""`model.py` -> ONNX graph without weights. Needs torch and onnxscript (`musiq[train]`)."""

import logging
import tempfile
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path

from musiq.config import ModelConfig
from musiq.errors import MissingExtraError
from musiq.runtime.graph import TABLE_INPUTS

try:
    import onnx_ir
    import onnxscript  # noqa: F401  torch's exporter needs it
    import torch
    from torch import Tensor, nn
    from torch.export import Dim
except ImportError:
    raise MissingExtraError("exporting an ONNX graph", "train") from None

from musiq.model import MUSIQ

OPSET = 23


class _WithTables(nn.Module):
    """The network with embedding tables and head as inputs."""

    def __init__(self, network: MUSIQ) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor, cell: Tensor, scale: Tensor, *tables: Tensor) -> Tensor:
        inputs = dict(zip(TABLE_INPUTS, tables, strict=True))
        return torch.func.functional_call(self.network, inputs, (pixels, cell, scale))


def export_graph(config: ModelConfig) -> bytes:
    """The evaluation graph of an architecture, as ONNX bytes.

    Inputs: pixels float32 `(1, L, 3, P, P)`, cell and scale int64 `(1, L)`, spatial_table `(G*G, D)`, scale_table
    `(S, D)`, head_weight `(K, D)`, head_bias `(K,)`; L, G, S and K are free. Output: logits `(1, K)`. The other
    weights are external initializers named `network.` and their name in `model.py`.
    """
    usual = ModelConfig()  # for all that the graph leaves free
    free = replace(config, outputs=usual.outputs, scales=usual.scales, grid_size=usual.grid_size)
    return _export(replace(free, spatial="hash", scale_embedding=True, dropout=0.0, stochastic_depth=0.0))


@cache
def _export(config: ModelConfig) -> bytes:
    network = MUSIQ(config).eval().requires_grad_(False)
    tokens, cells, scales, outputs = Dim("tokens"), Dim("cells"), Dim("scales"), Dim("outputs")
    tables = ({0: cells}, {0: scales}, {0: outputs}, {0: outputs})
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        program = torch.onnx.export(
            _WithTables(network).eval(),
            _example(config),
            dynamo=True,
            optimize=False,  # keeps each weight an initializer under its own name; ONNX Runtime optimises at load
            opset_version=OPSET,
            input_names=["pixels", "cell", "scale", *TABLE_INPUTS.values()],
            output_names=["logits"],
            dynamic_shapes=({1: tokens}, {1: tokens}, {1: tokens}, tables),
            verbose=False,
        )
    assert program is not None
    return _without_weights(program.model)


def _example(config: ModelConfig) -> tuple[Tensor, ...]:
    side, width, index = config.patch_size, config.width, torch.zeros(1, 7, dtype=torch.long)
    tables = (torch.zeros(9, width), torch.zeros(3, width), torch.zeros(2, width), torch.zeros(2))
    return torch.zeros(1, 7, 3, side, side), index, index.clone(), *tables


def _without_weights(model: "onnx_ir.Model") -> bytes:
    for node in model.graph.all_nodes():  # stack traces and the like, with this machine's paths
        node.metadata_props.clear()
        node.doc_string = None
    for value in model.graph.initializers.values():
        value.metadata_props.clear()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.onnx"
        onnx_ir.save(model, path, external_data="weights", size_threshold_bytes=0)
        return path.read_bytes()
