from dataclasses import replace

import pytest
import torch

from musiq.model import MUSIQ
from musiq.train.align import Alignment, Learner
from musiq.train.optimizer import make_optimizer, set_rate


@pytest.fixture
def learner(toy):
    torch.manual_seed(0)
    return Learner(MUSIQ(replace(toy.model, depth=2)), Alignment(3, 1.0))


def groups_by_name(learner, optimizer):
    names = {id(parameter): name for name, parameter in learner.named_parameters()}
    return {names[id(p)]: group for group in optimizer.param_groups for p in group["params"]}


def test_each_parameter_stands_in_one_group(learner, toy):
    optimizer = make_optimizer(learner, toy)
    listed = [id(p) for group in optimizer.param_groups for p in group["params"]]
    assert sorted(listed) == sorted(id(p) for p in learner.parameters())


def test_decay_is_for_matrices_and_kernels(learner, toy):
    groups = groups_by_name(learner, make_optimizer(learner, toy))
    decayed = {name for name, group in groups.items() if group["weight_decay"]}
    assert {"network.stem.conv.weight", "network.blocks.0.mlp.expand.weight", "network.head.weight"} <= decayed
    assert not {name for name in decayed if "norm" in name or name.endswith("bias") or "alignment" in name}
    assert not {"network.spatial", "network.scale", "network.class_token"} & decayed


def test_rates_fall_layer_by_layer(learner, toy):
    optimizer = make_optimizer(learner, replace(toy, layer_decay=0.5))
    set_rate(optimizer, 0.8)
    rates = {name: group["lr"] for name, group in groups_by_name(learner, optimizer).items()}
    assert rates["network.head.weight"] == rates["network.norm.weight"] == rates["alignment.slope"] == 0.8
    assert rates["network.blocks.1.mlp.expand.bias"] == 0.4
    assert rates["network.blocks.0.mlp.expand.bias"] == 0.2
    assert rates["network.stem.conv.weight"] == rates["network.spatial"] == 0.1


def test_sgd_step_by_hand(learner, toy):
    """Two steps under a gradient of 1, momentum 0.9: 1 + 1.9 rates."""
    optimizer = make_optimizer(learner, replace(toy, optimizer="sgd"))
    set_rate(optimizer, 0.1)
    before = learner.network.head.bias.item()
    for _ in range(2):
        learner.network.head.bias.grad = torch.ones(1)
        optimizer.step()
    assert learner.network.head.bias.item() == pytest.approx(before - 0.29)


def test_a_frozen_stem_has_no_group(learner, toy):
    groups = groups_by_name(learner, make_optimizer(learner, replace(toy, freeze_stem=True)))
    assert not [name for name in groups if "stem" in name]


def test_the_stems_convolutions_may_learn_slowly(learner, toy):
    groups = groups_by_name(learner, make_optimizer(learner, replace(toy, stem_rate=0.25)))
    assert groups["network.stem.block.conv1.weight"]["share"] == 0.25
    assert groups["network.stem.project.weight"]["share"] == groups["network.head.weight"]["share"] == 1


def test_frozen_units_have_no_group(toy):
    model = replace(toy.model, stem_units=4, patch_size=32)
    network = Learner(MUSIQ(model))
    recipe = replace(toy, model=model, freeze_units=3)
    names = {name for name in groups_by_name(network, make_optimizer(network, recipe)) if "stem" in name}
    learning = {name.removeprefix("network.stem.").rsplit(".", 1)[0] for name in names}
    assert learning == {"units.3.expand", "units.3.depthwise", "units.3.contract", "project", "norm"}
