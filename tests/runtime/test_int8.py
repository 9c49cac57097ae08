"""Matrices as 8-bit integers, and what they cost."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from musiq.config import ModelConfig
from musiq.patches import patch_sequence
from musiq.runtime.graph import encoder_weights
from musiq.runtime.int8 import quantize
from musiq.runtime.onnx import OnnxRuntime
from tests.conftest import random_weights


def test_a_matrix_by_hand():
    # Rows of largest value 127 and 2.54: steps of 1 and 0.02.
    weight = np.array([[127, -64.4, 0], [1.27, -2.54, 0.0298]], np.float32)
    made = quantize({"layer.weight": weight, "layer.bias": np.array([3, 4], np.float32)})
    assert set(made) == {"layer.integers", "layer.scale", "layer.offset", "layer.bias"}
    assert made["layer.integers"].T.tolist() == [[255, 64, 128], [192, 1, 129]]
    np.testing.assert_allclose(made["layer.scale"], [1, 0.02], rtol=1e-6)
    assert made["layer.offset"].tolist() == [128, 128]
    assert made["layer.bias"].tolist() == [3, 4]


def test_integers_are_within_half_a_step_of_every_weight():
    weights = random_weights(ModelConfig(width=24, depth=2, mlp=48))
    matrices = {name: array for name, array in weights.items() if name.startswith("blocks.") and array.ndim == 2}
    made = quantize(matrices)
    assert len(matrices) == 2 * 6
    assert len(made) == 3 * len(matrices)
    for name, matrix in matrices.items():
        integers, scale, offset = (made[name.replace("weight", part)] for part in ("integers", "scale", "offset"))
        assert (integers.dtype, scale.dtype, offset.dtype) == (np.uint8, np.float32, np.uint8)
        assert integers.min() >= 1  # symmetric: -127 to 127
        restored = (integers.astype(np.float64) - offset) * scale
        error = np.abs(restored.T - matrix) / scale[:, None]
        assert 0.4 < error.max() < 0.5001


def test_vectors_stay_and_a_row_of_zeros_is_zeros():
    made = quantize({"a.weight": np.zeros((2, 3), np.float32), "norm.weight": np.ones(3, np.float32)})
    assert (made["a.integers"] == 128).all()
    assert (made["a.scale"] > 0).all()
    assert made["norm.weight"].tolist() == [1, 1, 1]


def test_onnx_runtime_multiplies_as_the_layout_says():
    rng = np.random.default_rng(0)
    x, weight, bias = (rng.standard_normal(shape, np.float32) for shape in ((5, 16), (8, 16), (8,)))
    made = quantize({"a.weight": weight, "a.bias": bias})
    node = helper.make_node(
        "DynamicQuantizeMatMul",
        ["x", "a.integers", "a.scale", "a.offset", "a.bias"],
        ["y"],
        domain="com.microsoft",
    )
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "y")]
    tensors = [onnx.numpy_helper.from_array(array, name) for name, array in made.items()]
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(
        helper.make_graph([node], "g", values[:1], values[1:], tensors), opset_imports=opsets, ir_version=10
    )
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (product,) = session.run(None, {"x": x})
    step = (x.max() - x.min()) / 255  # of the inputs, over the whole tensor
    rows = made["a.scale"]  # steps of the weights
    bound = step * (np.abs(weight).sum(axis=1) + 16 * rows / 2) + np.abs(x).sum(axis=1)[:, None] * rows / 2
    error = np.abs(product - (x @ weight.T + bias))
    assert (error < bound + 1e-5).all()
    assert 1e-3 < error.max() < 0.1


@pytest.mark.parametrize(("name", "largest"), [("tiny", 0.1), ("default_checkpoint", 0.02)])
def test_scores_move_a_little(name, largest, request, photo):
    """Measured on this photo and parts of it: logits of -6 to -4 moved by 0.031, the default's of 0.7 by 0.0045."""
    checkpoint = request.getfixturevalue(name)
    images = [patch_sequence(pixels, checkpoint.patches) for pixels in (photo, photo[:40, :40], photo[100:, 200:])]
    exact, rounded = (OnnxRuntime(checkpoint, 1, kind).logits(images) for kind in ("fp32", "int8"))
    assert OnnxRuntime(checkpoint, 1, "int8").one_core.precision == "int8"
    error = np.abs(exact - rounded)
    assert (error > 1e-6).all()
    assert error.max() < largest


def test_only_the_encoders_matrices_become_integers(tiny):
    made = quantize(encoder_weights(tiny))
    matrices = [name for name in made if name.endswith(".integers")]
    assert len(matrices) == tiny.model.depth * 6
    assert all(array.ndim == 1 for name, array in made.items() if name not in matrices)
