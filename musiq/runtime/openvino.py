"""OpenVINO on the CPU (`musiq[openvino]`): bfloat16 where the processor multiplies it.

It runs the graphs that ONNX Runtime runs, with the weights written into them as constants.

OpenVINO would number the machine in the home folder when it is imported, to report its use; here it does not.
"""

import sys
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from musiq.checkpoint import Checkpoint, Weights
from musiq.errors import MissingExtraError
from musiq.patches import PatchSequence
from musiq.runtime.graph import (
    encoder_bytes,
    encoder_weights,
    find_graphs,
    head_tables,
    stem_inputs,
    stem_tables,
    stem_weights,
)
from musiq.runtime.precision import Precision

REPORTS: Final = "openvino_telemetry"
try:
    import onnx

    sys.modules.setdefault(REPORTS, None)  # type: ignore[arg-type]  # not to be imported: its stub is taken instead
    import openvino
except ImportError:
    raise MissingExtraError("runtime openvino", "openvino") from None
finally:
    if sys.modules.get(REPORTS) is None:
        sys.modules.pop(REPORTS, None)


class OpenVinoRuntime:
    """One image a call, so that nothing is ever padded.

    Args:
        precision: `fp32`, or `bf16` for products of bfloat16 numbers summed in float32.
    """

    name: Final = "openvino"
    tokens_per_batch = 0
    one_core = None  # a compiled model takes one call at a time

    def __init__(self, checkpoint: Checkpoint, threads: int | None = None, precision: Precision = "fp32") -> None:
        self.precision, self.bytes_per_token = precision, encoder_bytes(checkpoint.model)
        graphs = find_graphs(checkpoint)
        options = _options(threads, precision)
        self.stem = _compile(graphs.stem, stem_weights(checkpoint), options)
        self.encoder = _compile(graphs.encoder, encoder_weights(checkpoint), options)
        self.stem_tables, self.head_tables = stem_tables(checkpoint), head_tables(checkpoint)

    def logits(self, images: Sequence[PatchSequence]) -> NDArray[np.float32]:
        """Network outputs `(B, K)`, each image computed alone."""
        return np.concatenate([self._one(image) for image in images])

    def _one(self, image: PatchSequence) -> NDArray[np.float32]:
        tokens = np.concatenate([self.stem(inputs | self.stem_tables)[0] for inputs in stem_inputs(image)])
        return np.array(self.encoder({"tokens": tokens[None]} | self.head_tables)[0])


def _options(threads: int | None, precision: Precision) -> dict[str, Any]:
    kinds = {"fp32": "f32", "bf16": "bf16"}
    options: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": kinds[precision]}
    return options if threads is None else options | {"INFERENCE_NUM_THREADS": threads}


def _compile(graph: bytes, weights: Weights, options: dict[str, Any]) -> Any:
    model = onnx.load_model_from_string(graph)
    for initializer in model.graph.initializer:
        if initializer.name in weights:
            initializer.CopyFrom(onnx.numpy_helper.from_array(weights[initializer.name], initializer.name))
    return core().compile_model(core().read_model(model.SerializeToString()), "CPU", options)


@cache
def core() -> Any:
    """One for the whole process: each sets the thread's alternate signal stack, and one that goes may leave the
    stack of another that went before, on which the next signal that Python handles ends the process."""
    return openvino.Core()
