"""The network under the hands of the real timm (`real_timm.py`)."""

import inspect

import pytest
import torch
from torch import nn

from musiq.config import ModelConfig, NimaConfig
from musiq.model import MUSIQ
from musiq.nima import NIMA
from musiq.patches import PatchConfig
from musiq.train.align import Learner
from musiq.train.optimizer import make_optimizer
from musiq.train.recipe import Recipe
from tests.real_timm import timm

TINY = {"width": 24, "depth": 2, "mlp": 48, "stem": 8, "stem_groups": 4, "patch_size": 16}
NETWORKS = {
    "paper": ModelConfig(**TINY),
    "no embeddings": ModelConfig(**TINY, spatial="none", scale_embedding=False),
    "sinusoid": ModelConfig(**TINY, spatial="sinusoid"),
    "inverted stem": ModelConfig(**TINY, stem_units=3),
    "linear stem": ModelConfig(**TINY | {"stem": 0}),
    "nima": NimaConfig(channels=4, patch_size=16),
    "nima lite": NimaConfig("lite0", patch_size=32),
}


def make(config):
    return NIMA(config) if isinstance(config, NimaConfig) else MUSIQ(config)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return MUSIQ(ModelConfig(**TINY, outputs=3))


@pytest.fixture(scope="module")
def theirs():
    """A small ViT of timm's."""
    return timm.create_model("vit_tiny_patch16_224", embed_dim=24, depth=2, num_heads=3, img_size=32, num_classes=3)


def fields(count=2, length=5):
    torch.manual_seed(1)
    pixels = torch.rand(count, length, 3, 16, 16) * 2 - 1
    return pixels, torch.randint(0, 100, (count, length)), torch.randint(0, 3, (count, length))


def by_name(network, groups, *keys):
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    return {names[id(one)]: tuple(group[key] for key in keys) for group in groups for one in group["params"]}


@pytest.mark.parametrize("config", NETWORKS.values(), ids=NETWORKS)
def test_our_optimizer_treats_each_parameter_as_timms_does(config):
    network = make(config)
    patches = PatchConfig((224, 384)[: config.scales - 1], grid_size=config.grid_size, patch_size=config.patch_size)
    recipe = Recipe("x", model=config, patches=patches, layer_decay=0.5, weight_decay=0.25)
    ours = make_optimizer(Learner(network), recipe).param_groups
    undecayed = network.no_weight_decay()
    theirs = timm.optim.param_groups_layer_decay(network, 0.25, undecayed, layer_decay=0.5)
    assert by_name(network, ours, "share", "weight_decay") == by_name(network, theirs, "lr_scale", "weight_decay")
    plain = timm.optim.param_groups_weight_decay(network, 0.25, no_weight_decay_list=undecayed)
    assert by_name(network, ours, "weight_decay") == by_name(network, plain, "weight_decay")


@pytest.mark.parametrize("coarse", [False, True])
def test_timm_finds_the_layers_in_their_order(network, coarse):
    layers = timm.models.group_parameters(network, network.group_matcher(coarse=coarse))
    tops = [{name.split(".")[0] for name in names} for names in layers.values()]
    assert tops == [{"class_token", "spatial", "scale", "stem"}, {"blocks"}, {"blocks"}, {"norm", "head"}]
    assert {name.split(".")[1] for name in layers[2]} == {"1"}
    parameters = timm.models.group_parameters(network, network.group_matcher(), return_values=True)
    assert [len(values) for values in parameters.values()] == [len(names) for names in layers.values()]
    modules = timm.models.group_modules(network, network.group_matcher(), reverse=True)
    assert (modules["stem.project"], modules["blocks.0.mlp.expand"], modules["head"]) == (0, 1, 3)


def test_a_step_of_timms_optimizer(network):
    """AdamW moves each weight by its rate at its first step: a layer's rate is half of the next one's."""
    optimizer = timm.optim.create_optimizer_v2(network, "adamw", lr=0.01, weight_decay=0.0, layer_decay=0.5)
    for group in optimizer.param_groups:
        group["lr"] *= group["lr_scale"]  # as timm's schedulers do
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network(*fields()).sum().backward()
    optimizer.step()
    moved = {name: (value - before[name]).abs().max().item() for name, value in network.state_dict().items()}
    names = ("head.bias", "blocks.1.mlp.contract.bias", "blocks.0.mlp.contract.bias", "class_token")
    assert [moved[name] for name in names] == pytest.approx([0.01, 0.005, 0.0025, 0.00125], rel=0.01)


def test_timm_freezes_all_but_the_last_block(network):
    timm.utils.freeze(network, ["stem", "blocks.0"])
    learning = {name.rpartition(".")[0] for name, one in network.named_parameters() if one.requires_grad}
    assert not [name for name in learning if name.startswith(("stem", "blocks.0"))]
    assert {"blocks.1.mlp.expand", "norm", "head"} <= learning


def test_timm_averages_the_weights(network):
    ema = timm.utils.ModelEmaV3(network, decay=0.75)
    start = network.head.bias.detach().clone()
    with torch.no_grad():
        network.head.bias.add_(1)
    ema.update(network)
    torch.testing.assert_close(ema.module.head.bias, start + 0.25)
    assert ema.module.group_matcher()("blocks.1.mlp.expand.weight") == 2


METHODS = ("forward_head", "get_classifier", "reset_classifier", "group_matcher", "no_weight_decay")


@pytest.mark.parametrize("method", [*METHODS, "set_grad_checkpointing"])
def test_arguments_are_timms(network, theirs, method):
    one, other = (inspect.signature(getattr(model, method)).parameters.values() for model in (network, theirs))
    assert [(p.name, p.default) for p in one] == [(p.name, p.default) for p in other]


def test_features_and_heads_as_timms_vit_has_them(network, theirs):
    """The same questions to both, the same answers; shapes but for the number of tokens."""
    for model, inputs in ((network.eval(), fields()), (theirs.eval(), (torch.rand(2, 3, 32, 32),))):
        assert (model.num_classes, model.num_features, model.head_hidden_size, model.embed_dim) == (3, 24, 24, 24)
        with torch.no_grad():
            tokens = model.forward_features(*inputs)
            assert tokens.shape[::2] == (2, 24)
            torch.testing.assert_close(model.forward_head(tokens), model(*inputs))
            features = model.forward_head(tokens, pre_logits=True)
            torch.testing.assert_close(features, tokens[:, 0])
            assert model.get_classifier() is model.head
            model.reset_classifier(0)
            assert isinstance(model.get_classifier(), nn.Identity)
            assert model.num_classes == 0
            torch.testing.assert_close(model(*inputs), features)
            model.reset_classifier(7, "token")
            assert (model.num_classes, model.get_classifier().out_features) == (7, 7)
            assert model(*inputs).shape == (2, 7)
