import numpy as np
import pytest
import torch
from scipy.special import erf

from musiq.model import MLP, MUSIQ
from musiq.published import read_published
from musiq.stem import StandardConv
from tests.conftest import REFERENCE
from tools.compare_with_port import STEPS, compare, steps, use_exact_gelu, use_unbiased_kernels


@pytest.fixture
def tiny():
    """Without graphs, which nothing here needs."""
    return read_published(REFERENCE / "tiny-multiscale.npz")


@pytest.fixture
def network(tiny):
    torch.manual_seed(0)
    return MUSIQ(tiny.model).eval()


def test_the_exact_gelu_is_of_the_error_function(network):
    use_exact_gelu(network)
    (mlp, *_) = (module for module in network.modules() if isinstance(module, MLP))
    x = torch.randn(3, mlp.expand.in_features)
    hidden = mlp.expand(x).detach().double().numpy()
    gated = torch.from_numpy(hidden * (1 + erf(hidden / np.sqrt(2))) / 2).float()
    torch.testing.assert_close(mlp(x), mlp.contract(gated), atol=1e-6, rtol=1e-5)


def test_kernels_are_divided_by_the_unbiased_deviation(network):
    (conv, *_) = (module for module in network.modules() if isinstance(module, StandardConv))
    impulse = torch.zeros(1, 3, 7, 7)
    impulse[0, 1, 3, 3] = 1  # what comes out is the kernels' middle
    use_unbiased_kernels(network)
    kernel = conv.weight.detach().numpy()
    flat = kernel.reshape(len(kernel), -1)
    expected = (kernel[:, 1, 3, 3] - flat.mean(axis=1)) / (flat.std(axis=1, ddof=1) + 1e-5)
    np.testing.assert_allclose(conv(impulse).detach().reshape(-1), expected, rtol=1e-4, atol=1e-6)


def test_each_step_is_more_like_the_port(tiny):
    """The port here is ours, done as the port does it."""
    port, photo = steps(tiny)[-1], REFERENCE / "images" / "synthetic_31x31.png"
    (row,) = compare(port, tiny, [photo])
    assert (row.photo, row.outputs, len(row.differences)) == (photo.name, 1, len(STEPS))
    assert row.differences[-1] == 0
    assert row.differences[0] > row.differences[1] > row.differences[2]


def test_the_port_itself(tmp_path):
    """Not in CI: its licence is non-commercial."""
    musiq_arch = pytest.importorskip("pyiqa.archs.musiq_arch")
    from musiq.sources import load_checkpoint

    torch.manual_seed(0)
    port = musiq_arch.MUSIQ(pretrained=False, hidden_size=36, mlp_dim=48, num_layers=2).eval()
    torch.save(port.state_dict(), tmp_path / "port.pth")
    (row,) = compare(port, load_checkpoint(tmp_path / "port.pth"), [REFERENCE / "images" / "synthetic_31x31.png"])
    assert row.differences[1] < 1e-3
    assert row.differences[2] < 1e-5
