"""ONNX: one file with its weights inside, in standard operators."""

import logging
import os
import warnings
from pathlib import Path
from typing import Any, Final

from musiq.errors import MissingExtraError
from musiq.export.facts import facts
from musiq.export.network import INPUTS, OUTPUTS, Exported, Run
from musiq.patches import PatchBatch
from musiq.runtime.onnx import ERRORS_ONLY

try:
    import onnx_ir
    import onnxscript  # noqa: F401  torch's exporter needs it
    import torch
except ImportError:
    raise MissingExtraError("exporting an ONNX file", "train") from None

FILE: Final = "model.onnx"
CODE: Final = """
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx")
logits, score = session.run(["logits", "score"], inputs)
"""
OPSET = 18  # what ONNX Runtime, its build for browsers and OpenVINO have had for long


def write(exported: Exported, folder: Path) -> None:
    """Writes `model.onnx`."""
    (folder / FILE).write_bytes(to_onnx(exported))


def load(folder: Path) -> Run:
    """The file in ONNX Runtime."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    session = ort.InferenceSession(os.fspath(folder / FILE), options, providers=["CPUExecutionProvider"])

    def run(batch: PatchBatch) -> Any:
        return session.run(["score"], {name: getattr(batch, name) for name in INPUTS})[0]

    return run


def to_onnx(exported: Exported) -> bytes:
    """The graph with weights and metadata."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    sizes = {0: torch.export.Dim("images", min=1), 1: torch.export.Dim("tokens", min=1)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        written = torch.onnx.export(
            exported.program,
            dynamo=True,
            opset_version=OPSET,
            input_names=INPUTS,
            output_names=OUTPUTS,
            dynamic_shapes=(sizes,) * len(INPUTS),  # names for the free sizes
            verbose=False,
        )
    assert written is not None
    _keep_only(written.model, facts(exported.checkpoint))
    content: bytes = onnx_ir.to_proto(written.model).SerializeToString()
    return content


def _keep_only(model: "onnx_ir.Model", metadata: dict[str, str]) -> None:
    """Metadata of ours in place of the exporter's notes on each operation."""
    model.metadata_props.clear()
    model.metadata_props.update(metadata)
    model.graph.metadata_props.clear()
    for node in model.graph.all_nodes():
        node.metadata_props.clear()
        node.doc_string = None
        for value in node.outputs:
            value.metadata_props.clear()
    for value in (*model.graph.inputs, *model.graph.initializers.values()):
        value.metadata_props.clear()
