"""What the shipped graphs hold, and that the encoder's memory grows with the patches and not with their square."""

import json
import subprocess
import sys
from collections import Counter
from importlib import resources
from pathlib import Path

import numpy as np
import onnx
import pytest

from musiq.config import ModelConfig, weight_shapes
from musiq.patches import patch_sequence
from musiq.runtime.graph import INPUTS, find_graphs
from musiq.runtime.onnx import OnnxRuntime

ENCODERS = ("encoder", "encoder_int8")


@pytest.fixture(scope="module")
def paper():
    """The shipped graphs of the paper's architecture, by name."""
    folder = resources.files("musiq.runtime") / "paper"
    return {name: onnx.load_model_from_string((folder / f"{name}.onnx").read_bytes()) for name in ("stem", *ENCODERS)}


def sizes(value):
    """A tensor's sides: numbers where fixed, names where free."""
    return [side.dim_param or side.dim_value for side in value.type.tensor_type.shape.dim]


@pytest.mark.parametrize("name", ENCODERS)
def test_attention_is_one_operator_a_block(name, paper):
    kinds = Counter(node.op_type for node in paper[name].graph.node)
    assert kinds["MultiHeadAttention"] == ModelConfig().depth
    assert not {"Softmax", "Attention", "Einsum"} & set(kinds)
    products = ModelConfig().depth * 6  # query, key, value, out, expand, contract
    assert kinds["MatMul" if name == "encoder" else "DynamicQuantizeMatMul"] == products
    assert kinds["DynamicQuantizeMatMul" if name == "encoder" else "MatMul"] == 0


def test_no_tensor_is_known_to_be_patches_by_patches(paper):
    infer = onnx.shape_inference.infer_shapes(paper["encoder"])
    known = [sizes(value) for value in (*paper["encoder"].graph.value_info, *infer.graph.value_info)]
    assert len(known) > 100
    for sides in known:
        assert sum("tokens" in str(side) for side in sides) <= 1, sides


def test_graphs_take_exactly_the_weights_of_the_architecture(paper):
    held, tables = {}, set()
    for graph in (paper["stem"].graph, paper["encoder"].graph):
        for weight in graph.initializer:
            assert weight.data_location == onnx.TensorProto.EXTERNAL
            held[weight.name] = tuple(weight.dims)
        tables |= {value.name for value in graph.input}
    renamed = {
        "spatial": "spatial_table",
        "scale": "scale_table",
        "head.weight": "head_weight",
        "head.bias": "head_bias",
    }
    assert set(renamed) == INPUTS
    expected = weight_shapes(ModelConfig())
    assert held == {name: shape for name, shape in expected.items() if name not in renamed}
    assert tables == {*renamed.values(), "pixels", "cell", "scale", "tokens"}


def test_sizes_that_checkpoints_choose_are_free(paper):
    free = {value.name: sizes(value) for name in ("stem", "encoder") for value in paper[name].graph.input}
    assert free == {
        "pixels": ["n", 3, 32, 32],
        "cell": ["n"],
        "scale": ["n"],
        "spatial_table": ["cells", 384],
        "scale_table": ["scales", 384],
        "tokens": [1, "tokens", 384],
        "head_weight": ["outputs", 384],
        "head_bias": ["outputs"],
    }


def test_graphs_hold_no_path_of_the_machine_that_made_them(paper):
    for name, model in paper.items():
        assert b"/work" not in model.SerializeToString(), name
        assert b".py" not in model.SerializeToString(), name


def test_the_last_block_computes_the_class_token_alone(default_checkpoint):
    """The last MLP's hidden activations: one row of `mlp` numbers, whatever the number of patches."""
    model = onnx.load_model_from_string(find_graphs(default_checkpoint).encoder)
    inferred = onnx.shape_inference.infer_shapes(model)
    shapes = {value.name: sizes(value) for value in (*model.graph.value_info, *inferred.graph.value_info)}
    hidden = [shapes[node.output[0]] for node in model.graph.node if node.op_type == "Gelu"]
    assert len(hidden) == default_checkpoint.model.depth
    assert [len(sides) for sides in hidden] == [3] * len(hidden)
    assert hidden[-1] == [1, 1, default_checkpoint.model.mlp]
    assert all(sides[1] not in (0, 1) for sides in hidden[:-1])


def test_one_core_is_the_same_network(default_checkpoint, photo):
    runtime = OnnxRuntime(default_checkpoint)
    assert runtime.one_core is runtime.one_core
    image = patch_sequence(photo, default_checkpoint.patches)
    np.testing.assert_allclose(runtime.one_core.logits([image]), runtime.logits([image]), rtol=1e-4)


PEAKS = """
import json, re
from pathlib import Path
import numpy as np
from musiq.runtime.onnx import OnnxRuntime
from musiq.sources import load_checkpoint

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

checkpoint = load_checkpoint("default")
runtime, rng, peaks = OnnxRuntime(checkpoint, threads=2), np.random.default_rng(0), []
for count in (100, 3_000, 12_000):
    runtime.encoder({"tokens": rng.standard_normal((1, count, checkpoint.model.width), np.float32)})
    peaks.append(peak())
print(json.dumps([peaks, runtime.bytes_per_token]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of a process")
def test_memory_grows_with_the_patches_and_not_with_their_square():
    """A head's 12,000 x 12,000 numbers alone would be 576 MB, and 16 times those of 3,000 patches."""
    done = subprocess.run([sys.executable, "-c", PEAKS], capture_output=True, text=True, check=True)
    (base, few, many), bytes_per_token = json.loads(done.stdout)
    assert 0 < many - base < 6 * (few - base)
    assert many - base < 12_000 * bytes_per_token + 64e6
