import pytest
import torch
import torch.nn.functional as F

from musiq.depthwise import depthwise, gains
from musiq.stem import SameConv


@pytest.mark.parametrize(("channels", "side", "size"), [(7, 4, 5), (3, 2, 5), (5, 6, 3)])
def test_values_and_gradients_are_torchs(channels, side, size):
    x = torch.randn(70, channels, side, side, dtype=torch.float64, requires_grad=True)
    kernel = torch.randn(channels, 1, size, size, dtype=torch.float64, requires_grad=True)
    bias, weights = (
        torch.randn(channels, dtype=torch.float64, requires_grad=True),
        torch.randn(70, channels, side, side),
    )
    inputs = (x, kernel, bias)
    theirs = F.conv2d(*inputs, padding=size // 2, groups=channels)
    expected = torch.autograd.grad((theirs * weights).sum(), inputs)
    ours = depthwise(*inputs)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(torch.autograd.grad((ours * weights).sum(), inputs), expected)


def test_only_kernels_larger_than_their_maps_gain():
    small, large = torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 8, 8)
    conv = SameConv(2, 2, 5, groups=2)
    assert gains(small, conv.weight, 1)
    assert not gains(large, conv.weight, 1)
    assert not gains(small, conv.weight, 2)
    assert not gains(small, conv.weight.detach(), 1)  # nothing to learn, no backward pass
    torch.testing.assert_close(conv(small), F.conv2d(small, conv.weight, conv.bias, padding=2, groups=2))
