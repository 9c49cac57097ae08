import numpy as np
import pytest
import torch

from musiq.config import ModelConfig, weight_shapes
from musiq.model import MUSIQ
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
