"""Stems: each patch on its own to one token, `(N, 3, P, P)` -> `(N, D)`. Convolutions pad as TensorFlow's `SAME`.

The paper's is the root of a ResNet. Another is the front of a network for phones, whose weights for ImageNet are free
to use: it sees more in a patch for the same work, and can start from what it learned there. ViT's is a matrix.

Shape letters: N patches, P patch side, C channels, D width.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musiq.config import InvertedUnit, ModelConfig, inverted_units
from musiq.depthwise import depthwise, gains


def make_stem(config: ModelConfig) -> "ResidualStem | InvertedStem | LinearStem":
    """The stem that the architecture names, with random weights."""
    if config.stem_units:
        return InvertedStem(config)
    return ResidualStem(config) if config.stem else LinearStem(config)


class StandardConv(nn.Conv2d):
    """Convolution whose kernel is standardised over height, width and input channels, without bias."""

    def __init__(self, channels_in: int, channels_out: int, size: int, stride: int = 1, padding: int = 0) -> None:
        super().__init__(channels_in, channels_out, size, stride, padding, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, standardise(self.weight), stride=self.stride, padding=self.padding)


def standardise(kernel: Tensor) -> Tensor:
    """`kernel` `(out, in, h, w)` with zero mean and unit biased standard deviation per output channel."""
    deviation, mean = torch.std_mean(kernel, dim=(1, 2, 3), correction=0, keepdim=True)
    return (kernel - mean) / (deviation + 1e-5)


class Bottleneck(nn.Module):
    """Residual unit 1x1, 3x3, 1x1 with a projected shortcut: C -> 4 C channels."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.conv1 = StandardConv(channels, channels, 1)
        self.norm1 = nn.GroupNorm(groups, channels, eps=1e-4)
        self.conv2 = StandardConv(channels, channels, 3, padding=1)
        self.norm2 = nn.GroupNorm(groups, channels, eps=1e-4)
        self.conv3 = StandardConv(channels, 4 * channels, 1)
        self.norm3 = nn.GroupNorm(groups, 4 * channels, eps=1e-4)
        self.shortcut = StandardConv(channels, 4 * channels, 1)
        self.shortcut_norm = nn.GroupNorm(groups, 4 * channels, eps=1e-4)

    def forward(self, x: Tensor) -> Tensor:
        residual = self.shortcut_norm(self.shortcut(x))
        x = F.relu(self.norm1(self.conv1(x)))
        x = F.relu(self.norm2(self.conv2(x)))
        return F.relu(self.norm3(self.conv3(x)) + residual)


class ResidualStem(nn.Module):
    """The paper's stem, as the published code has it."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.conv = StandardConv(3, config.stem, 7, stride=2)
        self.norm = nn.GroupNorm(config.stem_groups, config.stem, eps=1e-6)
        self.block = Bottleneck(config.stem, config.stem_groups)
        self.project = nn.Linear((config.patch_size // 4) ** 2 * 4 * config.stem, config.width)

    def forward(self, patches: Tensor) -> Tensor:
        x = self.conv(F.pad(patches, (2, 3, 2, 3)))  # (N, C, P/2, P/2)
        x = F.relu(self.norm(x))
        x = F.max_pool2d(F.pad(x, (0, 1, 0, 1)), 3, stride=2)  # (N, C, P/4, P/4); zeros never win after a ReLU
        x = self.block(x)  # (N, 4C, P/4, P/4)
        return self.project(x.permute(0, 2, 3, 1).flatten(1))  # (N, D)


class LinearStem(nn.Module):
    """The stem of ViT (Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021): a patch's pixels, projected."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.project = nn.Linear(config.stem_features, config.width)

    def forward(self, patches: Tensor) -> Tensor:
        return self.project(patches.permute(0, 2, 3, 1).flatten(1))  # (N, D)


class InvertedFront(nn.Module):
    """The first units of EfficientNet-Lite0, their normalisation folded into the convolutions.

    Tan and Le, "EfficientNet", ICML 2019, Table 1; Lite: without squeeze-and-excitation, ReLU6 for swish.

    Attributes:
        kept: units whose output comes in place of patches, made earlier by `see`: frozen units see a photo once.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        units = inverted_units(count)
        self.conv = SameConv(3, units[0].channels_in, 3, stride=2)
        self.units = nn.ModuleList(InvertedResidual(unit) for unit in units)
        self.kept = 0

    def see(self, patches: Tensor, count: int) -> Tensor:
        """What the first `count` units, at least one, make of patches `(N, 3, P, P)`: `(N, C, P/stride, P/stride)`."""
        x = F.relu6(self.conv(patches))  # (N, 32, P/2, P/2)
        for unit in self.units[:count]:
            x = unit(x)
        return x

    def features(self, x: Tensor) -> Tensor:
        """What all units make of patches, or of what the first `kept` units have made of them."""
        if not self.kept:
            return self.see(x, len(self.units))
        for unit in self.units[self.kept :]:
            x = unit(x)
        return x


class InvertedStem(InvertedFront):
    """The front and a projection of its whole output.

    The token is normalised, for the units' outputs are far larger than the embeddings that are added to it.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config.stem_units)
        self.project = nn.Linear(config.stem_features, config.width)
        self.norm = nn.LayerNorm(config.width, eps=1e-6)

    def forward(self, patches: Tensor) -> Tensor:
        x = self.features(patches)  # (N, C, P/stride, P/stride)
        return self.norm(self.project(x.permute(0, 2, 3, 1).flatten(1)))  # (N, D)


class InvertedResidual(nn.Module):
    """1x1 to more channels, a convolution of each channel alone, 1x1 to fewer."""

    def __init__(self, unit: InvertedUnit) -> None:
        super().__init__()
        wide = unit.channels_in * unit.expansion
        self.expand = SameConv(unit.channels_in, wide, 1) if unit.expansion > 1 else None
        self.depthwise = SameConv(wide, wide, unit.kernel, unit.stride, groups=wide)
        self.contract = SameConv(wide, unit.channels_out, 1)
        self.residual = unit.residual

    def forward(self, x: Tensor) -> Tensor:
        wide = x if self.expand is None else F.relu6(self.expand(x))
        out = self.contract(F.relu6(self.depthwise(wide)))
        return x + out if self.residual else out


class SameConv(nn.Conv2d):
    """Convolution with bias that pads as TensorFlow's `SAME` does for sides that the stride divides."""

    def __init__(self, channels_in: int, channels_out: int, size: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(channels_in, channels_out, size, stride, groups=groups)
        before, after = (size - stride) // 2, size - stride - (size - stride) // 2
        self.pads = (before, after, before, after)

    def forward(self, x: Tensor) -> Tensor:
        if self.groups > 1 and self.bias is not None and gains(x, self.weight, self.stride[0]):
            return depthwise(x, self.weight, self.bias)
        return super().forward(F.pad(x, self.pads) if any(self.pads) else x)


def initialise(module: nn.Module) -> None:
    """Draws a new layer's weights, of the stem and of what follows it."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)
    elif isinstance(module, StandardConv):
        nn.init.kaiming_normal_(module.weight)
