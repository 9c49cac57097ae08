from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from musiq.checkpoint import Checkpoint, load_folder, save_checkpoint
from musiq.config import ModelConfig, weight_shapes
from musiq.errors import CheckpointError
from musiq.model import MUSIQ, as_state
from musiq.patches import PatchConfig, collate, patchify

TINY = {"width": 24, "depth": 2, "mlp": 48}


def parameters(config):
    return sum(parameter.numel() for parameter in MUSIQ(config).parameters())


@pytest.mark.parametrize(("outputs", "count"), [(1, 27_125_825), (10, 27_129_290)])
def test_the_papers_parameter_counts(outputs, count):
    assert parameters(ModelConfig(outputs=outputs)) == count


@pytest.mark.parametrize(
    "config",
    [
        ModelConfig(**TINY),
        ModelConfig(**TINY, spatial="none", scale_embedding=False),
        ModelConfig(**TINY, spatial="sinusoid", stem=24, stem_groups=8, patch_size=16, outputs=10, scales=1),
        ModelConfig(**TINY, stem_units=1, patch_size=16),
        ModelConfig(**TINY, stem_units=16, patch_size=64),
        ModelConfig(**TINY, stem=0, patch_size=16),
    ],
)
def test_weight_shapes_are_the_networks(config):
    state = {name: tuple(value.shape) for name, value in MUSIQ(config).state_dict().items()}
    assert weight_shapes(config) == state


def tensors(batch):
    return tuple(torch.from_numpy(field) for field in (batch.pixels, batch.cell, batch.scale, batch.valid))


def test_padding_does_not_change_a_score(photo):
    torch.manual_seed(0)
    network = MUSIQ(ModelConfig(**TINY)).eval()
    short, long = patchify(photo[:100, :90], PatchConfig()), patchify(photo, PatchConfig())
    with torch.no_grad():
        together = network(*tensors(collate([short, long])))
        alone = torch.cat([network(*tensors(one)[:3]) for one in (short, long)])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_padding_is_masked_whatever_it_holds(photo):
    torch.manual_seed(0)
    network = MUSIQ(ModelConfig(**TINY)).eval()
    batch = collate([patchify(photo[:100, :90], PatchConfig()), patchify(photo, PatchConfig())])
    pixels, cell, scale, valid = tensors(batch)
    with torch.no_grad():
        zeros = network(pixels, cell, scale, valid)
        pixels[~valid] = 0.7
        filled = network(pixels, cell, scale, valid)
    np.testing.assert_allclose(zeros, filled, atol=1e-6)


def test_every_parameter_receives_a_gradient(photo):
    torch.manual_seed(0)
    network = MUSIQ(ModelConfig(**TINY))
    network(*tensors(patchify(photo, PatchConfig()))[:3]).sum().backward()
    used = {name for name, parameter in network.named_parameters() if parameter.grad is not None}
    assert used == {name for name, _ in network.named_parameters()}


def test_dropout_and_stochastic_depth_only_in_training(photo):
    torch.manual_seed(0)
    network = MUSIQ(ModelConfig(**TINY, dropout=0.5, stochastic_depth=0.5))
    inputs = tensors(patchify(photo, PatchConfig()))[:3]
    with torch.no_grad():
        trained = [network.train()(*inputs).item() for _ in range(2)]
        evaluated = [network.eval()(*inputs).item() for _ in range(2)]
    assert trained[0] != trained[1]
    assert evaluated[0] == evaluated[1]


@pytest.mark.parametrize(
    "fields",
    [
        {"width": 25},
        {"stem": 48},
        {"patch_size": 30},
        {"stem_units": 17},
        {"patch_size": 20, "stem_units": 9},
        {"depth": 0},
        {"spatial": "sinusoid", "width": 18},
    ],
)
def test_nonsense_configurations_are_refused(fields):
    with pytest.raises(ValueError, match=next(iter(fields)).replace("spatial", "sinusoid")):
        ModelConfig(**fields)


SMALL = ModelConfig(**TINY, patch_size=16, stem=8, stem_groups=4, outputs=3)


@pytest.fixture
def padded():
    """Two images of 12 and 7 random patches as one batch."""
    torch.manual_seed(2)
    valid = torch.arange(12) < torch.tensor([[12], [7]])
    return torch.rand(2, 12, 3, 16, 16) * 2 - 1, torch.randint(100, (2, 12)), torch.randint(3, (2, 12)), valid


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_features_are_normalised_tokens_and_logits_the_class_tokens(padded, precision):
    """The last block's output by the formula of a layer norm, in float32, and the head on its first row."""
    torch.manual_seed(0)
    network, left = MUSIQ(SMALL), []
    nn.init.normal_(network.norm.weight), nn.init.normal_(network.norm.bias)
    network.blocks[-1].register_forward_hook(lambda *call: left.append(call[2].float()))
    with torch.no_grad(), torch.autocast("cpu", precision, enabled=precision != torch.float32):
        tokens, logits = network.forward_features(*padded), network(*padded)
        head, pooled = network.forward_head(tokens), network.forward_head(tokens, pre_logits=True)
    x = left[0].double()
    deviation = (x.var(-1, correction=0, keepdim=True) + 1e-6).sqrt()
    expected = (x - x.mean(-1, keepdim=True)) / deviation * network.norm.weight + network.norm.bias
    assert tokens.shape == (2, 13, 24)
    assert tokens.dtype == logits.dtype == head.dtype == torch.float32
    torch.testing.assert_close(tokens.double(), expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(pooled.double(), expected[:, 0], rtol=0, atol=1e-5)
    by_hand = expected[:, 0] @ network.head.weight.T.double() + network.head.bias
    torch.testing.assert_close(logits.double(), by_hand, rtol=0, atol=1e-5)
    torch.testing.assert_close(head, logits, rtol=0, atol=1e-6)


def test_logits_norm_the_class_tokens_alone(padded):
    network, seen = MUSIQ(SMALL), []
    network.norm.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0].shape))
    network(*padded)
    assert seen == [(2, 1, 24)]


def test_a_new_head_makes_a_valid_checkpoint(padded, tmp_path):
    network = MUSIQ(SMALL)
    torch.manual_seed(3)
    network.reset_classifier(10)
    torch.manual_seed(3)
    expected = nn.init.xavier_uniform_(nn.Linear(24, 10).weight)
    assert torch.equal(network.head.weight, expected)
    assert not network.head.bias.any()
    assert network.config == replace(SMALL, outputs=10)
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    save_checkpoint(Checkpoint("ten", weights, network.config, PatchConfig(patch_size=16)), tmp_path / "ten")
    saved = load_folder(tmp_path / "ten")
    again = MUSIQ(saved.model).eval()
    again.load_state_dict(as_state(saved.weights))
    with torch.no_grad():
        assert torch.equal(again(*padded), network.eval()(*padded))


def test_without_a_head_no_checkpoint(tmp_path):
    network = MUSIQ(SMALL)
    network.reset_classifier(0)
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    with pytest.raises(CheckpointError, match=r"missing head\.weight"):
        save_checkpoint(Checkpoint("none", weights, network.config, PatchConfig(patch_size=16)), tmp_path / "none")


def test_a_new_head_stands_where_the_network_does():
    network = MUSIQ(SMALL).to("meta", torch.bfloat16)
    network.reset_classifier(4)
    assert (network.head.weight.device.type, network.head.weight.dtype) == ("meta", torch.bfloat16)


@pytest.mark.parametrize(("arguments", "named"), [((-1,), "outputs must be at least 1"), ((3, "avg"), "'avg'")])
def test_heads_that_cannot_be_are_refused(arguments, named):
    network = MUSIQ(SMALL)
    with pytest.raises(ValueError, match=named):
        network.reset_classifier(*arguments)
    assert (network.config, network.num_classes, network.head.out_features) == (SMALL, 3, 3)


def gradients(network, batch):
    network.zero_grad()
    torch.manual_seed(7)
    network(*batch).square().sum().backward()
    return {name: parameter.grad.clone() for name, parameter in network.named_parameters()}


@pytest.mark.parametrize("stem", [{}, {"stem": 0}, {"stem_units": 3}], ids=["paper", "linear", "inverted"])
@pytest.mark.parametrize("pieces", [1, 4])
def test_gradients_are_the_same_when_computed_again(padded, monkeypatch, stem, pieces):
    """With dropout and stochastic depth; the stem at once, and in pieces."""
    monkeypatch.setattr("musiq.timm_style.PIECE_PX", 24 // pieces * 16**2)
    torch.manual_seed(0)
    network = MUSIQ(replace(SMALL, dropout=0.3, stochastic_depth=0.5, **stem))
    expected, calls = gradients(network, padded), []
    network.stem.register_forward_pre_hook(lambda _, inputs: calls.append(len(inputs[0])))
    network.set_grad_checkpointing()
    again = gradients(network, padded)
    assert len(calls) == 2 * pieces
    largest = max(gradient.abs().max().item() for gradient in expected.values())
    torch.testing.assert_close(again, expected, rtol=1e-4, atol=1e-6 * largest)


def kept_bytes(network, batch):
    """Bytes of memory that one forward pass keeps for the backward pass, beside the parameters."""
    kept, own = {}, {parameter.untyped_storage().data_ptr() for parameter in network.parameters()}

    def pack(x):
        kept[x.untyped_storage().data_ptr()] = x
        return x

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        network(*batch)
    return sum(x.untyped_storage().nbytes() for address, x in kept.items() if address not in own)


def test_gradient_checkpointing_keeps_what_enters_the_blocks(padded):
    """One block more keeps its input, B (1 + L) D numbers, and nothing else; in all less than a fifth of the usual."""
    kept = {}
    for depth in (2, 3):
        network = MUSIQ(replace(SMALL, depth=depth))
        kept[depth, False] = kept_bytes(network, padded)
        network.set_grad_checkpointing()
        kept[depth, True] = kept_bytes(network, padded)
        network.set_grad_checkpointing(False)
        assert kept_bytes(network, padded) == kept[depth, False]
    assert kept[3, True] - kept[2, True] == 4 * 2 * (1 + 12) * 24
    assert kept[3, True] < kept[3, False] / 5


def test_evaluation_computes_nothing_again(padded, monkeypatch):
    network = MUSIQ(SMALL).eval()
    packed = [field.flatten(0, 1) for field in padded[:3]]
    with torch.no_grad():
        expected = network(*padded), network.forward_packed(*packed, [12, 12])
        network.set_grad_checkpointing()
        monkeypatch.setattr("musiq.timm_style.checkpoint", None)  # calling it would fail
        found = network(*padded), network.forward_packed(*packed, [12, 12])
    for one, other in zip(expected, found, strict=True):
        assert torch.equal(one, other)


def test_gradients_are_the_same_each_time_on_several_threads():
    # sums over the tokens of a cell or a scale: threads that added them as they came gave other last bits each time
    threads, rng = torch.get_num_threads(), torch.Generator().manual_seed(0)
    network = MUSIQ(ModelConfig(width=48, depth=1, heads=4, mlp=96, stem=0, patch_size=4))
    pixels = torch.rand(8, 200, 3, 4, 4, generator=rng)
    cell, scale = (torch.randint(0, most, (8, 200), generator=rng) for most in (100, 3))
    weights = torch.randn(8, 200, 48, generator=rng)
    tables = network.spatial, network.scale
    try:
        torch.set_num_threads(2)
        first, *others = (
            torch.autograd.grad((network.embed(pixels, cell, scale) * weights).sum(), tables) for _ in range(60)
        )
    finally:
        torch.set_num_threads(threads)
    for gradients in others:
        assert all(torch.equal(*pair) for pair in zip(first, gradients, strict=True))
