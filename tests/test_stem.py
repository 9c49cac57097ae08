import numpy as np
import pytest
import torch
import torch.nn.functional as F

from musiq.config import ModelConfig, inverted_units
from musiq.stem import InvertedResidual, SameConv, make_stem, standardise


def test_standardised_kernels():
    kernel = torch.randn(5, 3, 7, 7, dtype=torch.float64) * 4 + 2
    flat = standardise(kernel).flatten(1).numpy()
    raw = kernel.flatten(1).numpy()
    np.testing.assert_allclose(flat, (raw - raw.mean(1, keepdims=True)) / (raw.std(1, keepdims=True) + 1e-5))


def test_lite0_has_the_published_number_of_weights():
    """4,652,008 in all, with the last convolution and the classifier, which a stem lacks."""
    stem = make_stem(ModelConfig(stem_units=16, patch_size=32))
    folded = sum(
        parameter.numel() for name, parameter in stem.named_parameters() if name.split(".")[0] in ("conv", "units")
    )
    norms = 32 + sum(
        (unit.expansion > 1) * unit.channels_in * unit.expansion + unit.channels_in * unit.expansion + unit.channels_out
        for unit in inverted_units(16)
    )
    head = 320 * 1280 + 2 * 1280 + 1280 * 1000 + 1000
    assert folded + norms + head == 4_652_008  # a folded convolution has one bias, its normalisation had two vectors


@pytest.mark.parametrize(("units", "side", "features"), [(1, 16, 8 * 8 * 16), (11, 64, 4 * 4 * 112), (16, 32, 320)])
def test_tokens_of_inverted_stems(units, side, features):
    config = ModelConfig(width=24, stem_units=units, patch_size=side)
    assert config.stem_features == features
    assert make_stem(config)(torch.zeros(5, 3, side, side)).shape == (5, 24)


@pytest.mark.parametrize(("size", "stride", "side"), [(3, 1, 8), (3, 2, 8), (5, 1, 8), (5, 2, 8), (5, 2, 2), (1, 1, 4)])
def test_same_padding_is_tensorflows(size, stride, side):
    """out = ceil(in / stride), and of what is missing the smaller half comes first."""
    conv, x = SameConv(2, 3, size, stride), torch.randn(1, 2, side, side)
    out = -(-side // stride)
    missing = max((out - 1) * stride + size - side, 0)
    pads = (missing // 2, missing - missing // 2)
    expected = F.conv2d(F.pad(x, pads * 2), conv.weight, conv.bias, stride)
    assert conv(x).shape[-1] == out
    np.testing.assert_allclose(conv(x).detach(), expected.detach(), atol=1e-6)


def test_an_inverted_residual_by_hand():
    """One pixel, 1x1 padding of zeros: expand, clip to 0..6, the kernel's middle, clip, contract, add."""
    unit = InvertedResidual(inverted_units(3)[2])  # 24 channels to 24, six times as wide
    x = torch.randn(1, 24, 1, 1) * 3
    state = {name: value.double().numpy() for name, value in unit.state_dict().items()}
    wide = np.clip(state["expand.weight"][:, :, 0, 0] @ x.numpy()[0, :, 0, 0] + state["expand.bias"], 0, 6)
    wide = np.clip(state["depthwise.weight"][:, 0, 1, 1] * wide + state["depthwise.bias"], 0, 6)
    expected = state["contract.weight"][:, :, 0, 0] @ wide + state["contract.bias"] + x.numpy()[0, :, 0, 0]
    np.testing.assert_allclose(unit(x).detach().numpy()[0, :, 0, 0], expected, atol=1e-5)


def test_a_linear_stem_is_one_matrix():
    stem = make_stem(ModelConfig(width=24, stem=0, patch_size=16))
    patches = torch.randn(5, 3, 16, 16)
    tokens = patches.permute(0, 2, 3, 1).reshape(5, -1) @ stem.project.weight.T + stem.project.bias
    torch.testing.assert_close(stem(patches), tokens)
    assert sum(parameter.numel() for parameter in stem.parameters()) == 24 * (3 * 16 * 16 + 1)


@pytest.mark.parametrize("kept", [1, 3, 4])
def test_tokens_of_what_the_first_units_have_seen(kept):
    stem = make_stem(ModelConfig(width=24, stem_units=4, patch_size=32))
    patches = torch.randn(5, 3, 32, 32)
    tokens, seen = stem(patches), stem.see(patches, kept)
    stem.kept = kept
    torch.testing.assert_close(stem(seen), tokens)
