"""ONNX Runtime on the CPU: the default, without torch.

At load ONNX Runtime folds what depends on the weights alone, the standardised kernels among it. The stem runs over a
few patches at a time, which stay in the processor's cache, with a core to itself for each such piece; the encoder runs
once, over all tokens of one image.

ONNX Runtime would report its use to its makers and number the machine in the home folder; here it does neither.
"""

import gc
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from functools import cached_property, partial
from typing import Final

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read once, when the library is loaded

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from musiq.ahead import map_ahead
from musiq.checkpoint import Checkpoint, Weights
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
from musiq.runtime.int8 import quantize
from musiq.runtime.precision import Precision, core_count

ERRORS_ONLY = 3

if hasattr(os, "register_at_fork"):
    # A forked child lacks the threads of its parent's sessions, and would wait for them for ever if it collected one.
    os.register_at_fork(after_in_child=gc.freeze)


class OnnxRuntime:
    """One image a call, so that nothing is ever padded.

    Args:
        precision: `fp32`, or `int8` for the encoder's products of 8-bit integers summed in 32 bits.
    """

    name: Final = "onnx"
    tokens_per_batch = 0

    def __init__(self, checkpoint: Checkpoint, threads: int | None = None, precision: Precision = "fp32") -> None:
        self.precision, self.bytes_per_token = precision, encoder_bytes(checkpoint.model)
        graphs, weights = find_graphs(checkpoint), encoder_weights(checkpoint)
        if precision == "bf16":
            raise ValueError("runtime onnx has no precision bf16; openvino and torch have it")
        encoder = graphs.encoder
        if precision == "int8":
            encoder, weights = graphs.encoder_int8, quantize(weights)
        self.cores = threads or core_count()
        self.stem = _Session(graphs.stem, stem_weights(checkpoint), stem_tables(checkpoint), 1)
        self._open_encoder = partial(_Session, encoder, weights, head_tables(checkpoint))
        self.encoder = self._open_encoder(threads)

    @cached_property
    def one_core(self) -> "OnnxRuntime":
        """The same network on one core, with the same stem; its sessions take calls from any number of threads."""
        alone = copy(self)
        alone.cores, alone.encoder = 1, self._open_encoder(1)
        return alone

    def logits(self, images: Sequence[PatchSequence]) -> NDArray[np.float32]:
        """Network outputs `(B, K)`, each image computed alone."""
        return np.concatenate([self.encoder({"tokens": self.tokens(image)[None]}) for image in images])

    def tokens(self, image: PatchSequence) -> NDArray[np.float32]:
        """What the encoder reads, `(L, D)`."""
        if self.cores == 1:
            return np.concatenate([self.stem(inputs) for inputs in stem_inputs(image)])
        return np.concatenate(list(map_ahead(self._pool, self.stem, stem_inputs(image), 2 * self.cores)))

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.cores, "musiq-stem")


class _Session:
    """One graph with its weights and constant inputs."""

    def __init__(self, graph: bytes, weights: dict[str, NDArray], tables: Weights, threads: int | None) -> None:
        options = ort.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        # Threads that wait for more work would take the cores from the stem, and from other processes.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        # Smaller shares of each operator: a core that lags holds up the others less.
        options.add_session_config_entry("session.dynamic_block_base", "8")
        if threads is not None:
            options.intra_op_num_threads = threads
        values = {
            name: ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array)) for name, array in weights.items()
        }
        options.add_external_initializers(list(values), list(values.values()))
        self.session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self.weights = values  # the session reads this memory and does not own it: it has to go first
        self.tables = tables

    def __call__(self, inputs: dict[str, NDArray]) -> NDArray[np.float32]:
        try:
            return self.session.run(None, inputs | self.tables)[0]
        except Exception as error:  # ONNX Runtime has no kind of its own for it
            if "alloc" in str(error):
                raise MemoryError(str(error)) from error
            raise
