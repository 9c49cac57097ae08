import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from musiq.config import NimaConfig
from musiq.errors import CheckpointError
from musiq.nima import NIMA, ResidualUnit, load_backbone

SMALL = NimaConfig(channels=4, patch_size=64)


def fields(images):
    """Images (B, 3, P, P) as a batch of one patch each."""
    return images[:, None], torch.zeros(len(images), 1, dtype=torch.long), torch.zeros(len(images), 1, dtype=torch.long)


def test_resnet50_has_the_published_number_of_weights():
    """25,557,032 in all, as torchvision builds it, 2,048 x 1,000 + 1,000 of them the classifier's."""
    with torch.device("meta"):
        stem = NIMA(NimaConfig()).stem
    assert sum(parameter.numel() for parameter in stem.parameters()) == 25_557_032 - 2048 * 1000 - 1000


def test_a_residual_unit_by_its_formula():
    torch.manual_seed(0)
    unit = ResidualUnit(8, 4, 2).eval()
    for norm in (unit.bn1, unit.bn2, unit.bn3, unit.downsample[1]):
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
    x = torch.randn(2, 8, 6, 6)

    def norm(y, name):
        state = unit.state_dict()
        mean, variance, gain, bias = (
            state[f"{name}.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (y - mean) / torch.sqrt(variance + 1e-5) * gain + bias

    y = F.relu(norm(F.conv2d(x, unit.conv1.weight), "bn1"))
    y = F.relu(norm(F.conv2d(y, unit.conv2.weight, stride=2, padding=1), "bn2"))
    y = norm(F.conv2d(y, unit.conv3.weight), "bn3")
    expected = F.relu(y + norm(F.conv2d(x, unit.downsample[0].weight, stride=2), "downsample.1"))
    torch.testing.assert_close(unit(x), expected)


@pytest.mark.parametrize("config", [SMALL, NimaConfig("lite0", patch_size=64, outputs=10)])
def test_logits_are_the_head_on_the_mean_over_the_image(config):
    torch.manual_seed(0)
    network = NIMA(config).eval()
    images = torch.rand(3, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        seen = network.stem.features(images)
        assert seen.shape == (3, config.stem_channels, 2, 2)
        pooled = seen.flatten(2).mean(-1)
        if config.backbone == "lite0":
            pooled = (pooled - pooled.mean(1, keepdim=True)) / torch.sqrt(pooled.var(1, correction=0)[:, None] + 1e-5)
        expected = pooled @ network.head.weight.T + network.head.bias
        torch.testing.assert_close(network(*fields(images)), expected)


def test_published_weights_are_taken_over(tmp_path):
    torch.manual_seed(0)
    source, network = NIMA(SMALL), NIMA(SMALL)
    weights = {**source.stem.state_dict(), "fc.weight": torch.zeros(1000, 128), "fc.bias": torch.zeros(1000)}
    torch.save(weights, tmp_path / "resnet50.pth")
    save_file({name: value.contiguous() for name, value in weights.items()}, tmp_path / "resnet50.safetensors")
    for name in ("resnet50.pth", "resnet50.safetensors"):
        load_backbone(network, tmp_path / name)
        for ours, theirs in zip(network.stem.parameters(), source.stem.parameters(), strict=True):
            assert np.array_equal(ours.detach(), theirs.detach())


def test_other_files_are_refused(tmp_path):
    torch.save({"conv1.weight": torch.zeros(2)}, tmp_path / "other.pth")
    for name in ("other.pth", "none.safetensors"):
        with pytest.raises(CheckpointError, match=f"{name}: not the weights of a ResNet-50"):
            load_backbone(NIMA(SMALL), tmp_path / name)
