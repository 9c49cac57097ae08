import numpy as np
import pytest
import torch

from musiq.config import ModelConfig
from musiq.explain import attention
from musiq.explain.attention import attention_maps
from musiq.model import MUSIQ
from musiq.patches import PatchConfig, grid_shape, patchify, pyramid_sizes

TINY = {"width": 12, "depth": 2, "heads": 3, "mlp": 24, "stem": 8, "stem_groups": 4}
PATCHES = PatchConfig(longer_sides=(64, 96))


def make_network(**fields):
    """Random weights, the queries' and keys' large enough that attention is far from even."""
    torch.manual_seed(0)
    network = MUSIQ(ModelConfig(**(TINY | fields))).eval().requires_grad_(False)
    for block in network.blocks:
        for part in (block.attention.query, block.attention.key):
            part.weight.mul_(3)
            part.bias.normal_()
        block.attention_norm.weight.normal_(1, 0.2)
        block.attention_norm.bias.normal_(0, 0.2)
    return network


def make_even(network):
    for block in network.blocks:
        for part in (block.attention.query, block.attention.key):
            part.weight.zero_()
            part.bias.zero_()
    return network


def attention_by_hand(network, image, patches):
    """Every block's attention, mean of the heads, `(1 + L, 1 + L)`, from what the network itself feeds its blocks."""
    inputs = []
    hooks = [block.register_forward_pre_hook(lambda _, args: inputs.append(args[0])) for block in network.blocks]
    batch = patchify(image, patches)
    network(*(torch.from_numpy(field) for field in (batch.pixels, batch.cell, batch.scale)))
    for hook in hooks:
        hook.remove()
    state = {name: value.numpy().astype(np.float64) for name, value in network.state_dict().items()}
    return [one_block_by_hand(x[0].numpy().astype(np.float64), state, i) for i, x in enumerate(inputs)]


def one_block_by_hand(x, state, index, heads=3):
    centred = x - x.mean(axis=1, keepdims=True)
    x = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-6)
    x = x * state[f"blocks.{index}.attention_norm.weight"] + state[f"blocks.{index}.attention_norm.bias"]
    q, k = (
        x @ state[f"blocks.{index}.attention.{name}.weight"].T + state[f"blocks.{index}.attention.{name}.bias"]
        for name in ("query", "key")
    )
    size = q.shape[1] // heads
    mean = 0
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        weights = np.exp(q[:, part] @ k[:, part].T / np.sqrt(size))
        mean = mean + weights / weights.sum(axis=1, keepdims=True) / heads
    return mean


def flat(maps):
    return np.concatenate([[maps.class_weight], *(part.ravel() for part in maps.maps)])


@pytest.mark.parametrize("layer", [0, 1, -1])
def test_a_layers_attention_is_the_class_tokens_row(photo, layer):
    network = make_network()
    expected = attention_by_hand(network, photo, PATCHES)[layer][0]
    assert expected.max() > 5 / len(expected)
    np.testing.assert_allclose(flat(attention_maps(network, photo, PATCHES, layer)), expected, rtol=1e-4)


@pytest.mark.parametrize("at_once", [1, 2**22])
def test_rollout_is_the_product_of_all_layers(photo, monkeypatch, at_once):
    monkeypatch.setattr(attention, "WEIGHTS_AT_ONCE", at_once)
    network = make_network()
    first, second = (a / 2 + np.eye(len(a)) / 2 for a in attention_by_hand(network, photo, PATCHES))
    for layer, expected in ((-1, (second @ first)[0]), (0, first[0])):
        rolled = attention_maps(network, photo, PATCHES, layer, rollout=True)
        np.testing.assert_allclose(flat(rolled), expected, rtol=1e-4)


def test_without_queries_and_keys_every_token_gets_the_same(photo):
    maps = attention_maps(make_even(make_network()), photo, PATCHES)
    np.testing.assert_allclose(flat(maps), 1 / maps.tokens, rtol=1e-12)


def test_rollout_of_even_attention(photo):
    """With J = 1/n everywhere, J J = J: ((I + J) / 2)^2 = I/4 + 3/4 J."""
    maps = attention_maps(make_even(make_network()), photo, PATCHES, rollout=True)
    share = 0.75 / maps.tokens
    assert maps.class_weight == pytest.approx(0.25 + share, rel=1e-12)
    for part in maps.maps:
        np.testing.assert_allclose(part, share, rtol=1e-12)


@pytest.mark.parametrize("rollout", [False, True])
@pytest.mark.parametrize(
    ("fields", "patches"),
    [
        ({}, PatchConfig()),
        ({}, PatchConfig(aspect="square", padding="mirror")),
        ({"scales": 1}, PatchConfig(longer_sides=())),
        ({"scales": 1, "spatial": "none", "scale_embedding": False}, PatchConfig(longer_sides=(224,), native=False)),
        ({"scales": 2, "stem_units": 3, "patch_size": 64}, PatchConfig((96,), patch_size=64, longest_px=200)),
    ],
)
def test_every_scale_has_its_own_grid(photo, fields, patches, rollout):
    maps = attention_maps(make_network(**fields), photo, patches, rollout=rollout)
    assert list(maps.sizes) == pyramid_sizes(300, 451, patches)
    assert [part.shape for part in maps.maps] == [grid_shape(*size, patches.patch_size) for size in maps.sizes]
    assert all(part.dtype == np.float64 and part.min() >= 0 for part in maps.maps)
    assert maps.class_weight + sum(maps.shares) == pytest.approx(1, abs=1e-12)
    assert maps.patch_size == patches.patch_size


def test_long_sequences_never_meet_as_a_whole(monkeypatch):
    """A rollout of 4,331 tokens in runs of at most 80 of their rows."""
    sizes, softmax = [], torch.Tensor.softmax
    monkeypatch.setattr(
        torch.Tensor, "softmax", lambda x, *args, **named: sizes.append(x.numel()) or softmax(x, *args, **named)
    )
    monkeypatch.setattr(attention, "WEIGHTS_AT_ONCE", 2**20)
    network = make_network(depth=1, patch_size=4, stem=4, scales=1)
    maps = attention_maps(network, np.zeros((4 * 61, 4 * 71, 3), np.uint8), PatchConfig((), patch_size=4), rollout=True)
    assert maps.tokens == 4332
    assert max(sizes) <= 2**20


@pytest.mark.parametrize("layer", [2, -3])
def test_a_layer_that_is_not_there(photo, layer):
    with pytest.raises(ValueError, match=f"2 layers, it has no layer {layer}"):
        attention_maps(make_network(), photo, PATCHES, layer)


def test_a_network_in_training_mode(photo):
    with pytest.raises(ValueError, match="evaluation mode"):
        attention_maps(make_network().train(), photo, PATCHES)
