"""NIMA, the convolutional baseline of the paper's Table 5: a classifier's backbone, its mean over the image, a head.

Talebi and Milanfar, "NIMA: Neural Image Assessment", TIP 2018. It reads the fields of a `PatchBatch` as MUSIQ does, so
that the same loop trains both: one patch, the image resized to a square.

Shape letters: B images, P side of the square, C channels, K outputs.
"""

from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from musiq.config import NimaConfig
from musiq.errors import CheckpointError
from musiq.stem import InvertedFront

STAGES = (3, 4, 6, 3)  # units of ResNet-50 (He et al., "Deep residual learning", CVPR 2016, Table 1)
EXPANSION = 4


class ResidualUnit(nn.Module):
    """Bottleneck 1x1, 3x3, 1x1 with batch normalisation; the 3x3 one strides. Names are those of published weights."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        wide = EXPANSION * channels
        self.conv1, self.bn1 = nn.Conv2d(channels_in, channels, 1, bias=False), nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3, self.bn3 = nn.Conv2d(channels, wide, 1, bias=False), nn.BatchNorm2d(wide)
        self.downsample = None
        if stride > 1 or channels_in != wide:
            self.downsample = nn.Sequential(nn.Conv2d(channels_in, wide, 1, stride, bias=False), nn.BatchNorm2d(wide))

    def forward(self, x: Tensor) -> Tensor:
        residual = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        return F.relu(self.bn3(self.conv3(x)) + residual)


class ResNet50(nn.Module):
    """ResNet-50 without its classifier."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, channels, 7, 2, padding=3, bias=False), nn.BatchNorm2d(channels)
        before = channels
        for stage, count in enumerate(STAGES):
            width, stride = channels * 2**stage, 1 if stage == 0 else 2
            first = ResidualUnit(before, width, stride)
            before = EXPANSION * width
            setattr(self, f"layer{stage + 1}", nn.Sequential(first, *_units(before, width, count - 1)))

    def features(self, images: Tensor) -> Tensor:
        """Features `(B, C, P/32, P/32)` of images `(B, 3, P, P)`."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(images))), 3, 2, padding=1)
        for stage in range(len(STAGES)):
            x = self.get_submodule(f"layer{stage + 1}")(x)
        return x


def _units(channels_in: int, channels: int, count: int) -> list[ResidualUnit]:
    return [ResidualUnit(channels_in, channels, 1) for _ in range(count)]


class NIMA(nn.Module):
    """Square images to logits."""

    def __init__(self, config: NimaConfig) -> None:
        super().__init__()
        self.config = config
        lite = config.backbone == "lite0"
        self.stem: ResNet50 | InvertedFront = InvertedFront(config.stem_units) if lite else ResNet50(config.channels)
        self.norm = nn.LayerNorm(config.stem_channels) if lite else nn.Identity()  # Lite0's own norms are folded away
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.stem_channels, config.outputs)

    def forward(self, pixels: Tensor, cell: Tensor, scale: Tensor, valid: Tensor | None = None) -> Tensor:
        """Logits `(B, K)`, float32 also under autocast, of images `(B, 1, 3, P, P)` or of a stem's kept features."""
        x = self.stem.features(pixels[:, 0])  # (B, C, P/32, P/32)
        with torch.autocast(x.device.type, enabled=False):
            return self.head(self.dropout(self.norm(x.float().mean(dim=(2, 3)))))

    def no_weight_decay(self) -> set[str]:
        """Names of embeddings, as in MUSIQ: there are none."""
        return set()

    def group_matcher(self, coarse: bool = False) -> Callable[[str], int]:
        """The layer of a parameter by its name, as in MUSIQ: 0 for the stem, 1 for norm and head."""
        return lambda name: 0 if name.startswith("stem.") else 1


def load_backbone(network: NIMA, path: Path) -> None:
    """Puts published ImageNet weights into a ResNet-50; its own classifier is left out.

    Args:
        path: `.safetensors`, or a `.pth` with a dict of tensors, under the names that torchvision and timm share.

    Raises:
        CheckpointError: the file is not there, or holds other arrays.
    """
    try:
        weights = load_file(path) if path.suffix == ".safetensors" else torch.load(path, weights_only=True)
        backbone = {name: value for name, value in weights.items() if not name.startswith("fc.")}
        network.stem.load_state_dict(backbone)
    except Exception as error:  # torch, pickle and safetensors raise their own kinds
        raise CheckpointError(f"{path}: not the weights of a ResNet-50: {type(error).__name__}: {error}") from error
