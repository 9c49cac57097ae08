import numpy as np
import pytest
import torch

from benchmarks.flops import network_flops
from musiq.config import ModelConfig, NimaConfig
from musiq.patches import PatchConfig
from musiq.reproduce.cost import Cost, measure_cost, parameter_count
from musiq.train.networks import make_network


def test_operations_are_those_counted_from_the_architecture():
    model = ModelConfig(width=24, depth=2, heads=3, mlp=40, stem=8, stem_groups=4)
    cost = measure_cost(make_network(model, 1).eval(), PatchConfig(), np.zeros((100, 130, 3), np.uint8))
    assert cost.tokens == 7 * 6 + 12 * 10 + 4 * 5  # 172 x 224, 295 x 384 and the image itself
    head = 2 * model.width
    assert cost.flops == network_flops(model, cost.tokens) + head
    assert cost.milliseconds > 0


def test_operations_of_a_convolution_by_hand():
    """ResNet's first: 7 x 7 x 3 products for each of 4 channels at 32 x 32 places; all of it costs more."""
    config = NimaConfig(channels=4, patch_size=64)
    cut = PatchConfig((64,), native=False, aspect="square", patch_size=64, grid_size=1)
    cost = measure_cost(make_network(config, 1).eval(), cut, np.zeros((80, 50, 3), np.uint8))
    assert cost.tokens == 1
    assert cost.flops > 2 * 7 * 7 * 3 * 4 * 32 * 32


@pytest.mark.parametrize(
    "config", [ModelConfig(width=24, depth=1, heads=2, mlp=40), NimaConfig(channels=4), NimaConfig("lite0", outputs=10)]
)
def test_parameters_without_a_network(config):
    network = make_network(config, config.outputs)
    assert parameter_count(config) == sum(value.numel() for value in network.parameters())


def test_the_papers_network_has_27_million():
    assert parameter_count(ModelConfig()) == 27_125_825


def test_an_ensemble_costs_all_its_members():
    one, ten = Cost(1, 2, 3, 4.0, 1, (5, 6)), Cost(10, 20, 30, 40.0, 1, (5, 6))
    assert Cost.sum_of([one, ten]) == Cost(11, 22, 33, 44.0, 1, (5, 6))


def test_the_network_is_left_as_it_was():
    network = make_network(NimaConfig(channels=2, patch_size=32), 1).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    cut = PatchConfig((32,), native=False, aspect="square", grid_size=1)
    measure_cost(network, cut, np.zeros((40, 40, 3), np.uint8))
    for name, value in network.state_dict().items():
        assert torch.equal(before[name], value)
