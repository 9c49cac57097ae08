"""Architecture of the network as data, so that checkpoints can be read without torch."""

from dataclasses import dataclass
from math import prod
from typing import Literal, NamedTuple


@dataclass(frozen=True)
class ModelConfig:
    """Architecture of MUSIQ. The default is the paper's: 27,125,825 parameters with one output.

    Attributes:
        width: D, a multiple of `heads`.
        depth: number of encoder blocks.
        heads: attention heads.
        mlp: hidden width of the MLP.
        outputs: K; 1 is a score, 2 are a score and the logarithm of its uncertainty, 10 are logits over the ratings
            1..10.
        scales: number of scale embeddings.
        grid_size: side G of the hash grid.
        patch_size: P in px, a multiple of 4.
        stem: channels of the first convolution; the bottleneck ends at four times as many. 0 projects the pixels of a
            patch as they are, as ViT does.
        stem_groups: groups of the stem's group normalisations; divides `stem`.
        stem_units: 0 for the paper's stem; n puts the first n inverted residual units of EfficientNet-Lite0 in its
            place, whose stride must divide `patch_size`; `stem` and `stem_groups` do not matter then.
        spatial: `hash` (learned table of G*G cells), `sinusoid` (fixed) or `none` (paper Table 12).
        scale_embedding: whether tokens know their scale.
        dropout: probability in the MLP, after attention and after the embeddings, in training only.
        stochastic_depth: probability that the last block is skipped in training; rises linearly from 0.
    """

    width: int = 384
    depth: int = 14
    heads: int = 6
    mlp: int = 1152
    outputs: int = 1
    scales: int = 3
    grid_size: int = 10
    patch_size: int = 32
    stem: int = 64
    stem_groups: int = 32
    stem_units: int = 0
    spatial: Literal["hash", "sinusoid", "none"] = "hash"
    scale_embedding: bool = True
    dropout: float = 0.0
    stochastic_depth: float = 0.0

    def __post_init__(self) -> None:
        for name in ("width", "depth", "heads", "mlp", "outputs", "scales", "grid_size", "stem_groups"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.width % self.heads:
            raise ValueError(f"width {self.width} must be a multiple of heads {self.heads}")
        if self.stem < 0 or self.stem % self.stem_groups:
            raise ValueError(f"stem {self.stem} must be 0 or a positive multiple of stem_groups {self.stem_groups}")
        if self.patch_size < 4 or self.patch_size % 4:
            raise ValueError(f"patch_size must be a multiple of 4, got {self.patch_size}")
        if not 0 <= self.stem_units <= len(LITE0):
            raise ValueError(f"stem_units must be in 0..{len(LITE0)}, got {self.stem_units}")
        if self.stem_units and self.patch_size % self.stem_stride:
            raise ValueError(
                f"{self.stem_units} stem_units need a patch_size that is a multiple of {self.stem_stride}, "
                f"got {self.patch_size}"
            )
        if self.spatial == "sinusoid" and self.width % 4:
            raise ValueError(f"sinusoid needs a width that is a multiple of 4, got {self.width}")

    @property
    def stem_stride(self) -> int:
        """Pixels from one of the stem's outputs to the next."""
        if self.stem_units:
            return prod((2, *(unit.stride for unit in inverted_units(self.stem_units))))
        return 4 if self.stem else 1

    @property
    def stem_channels(self) -> int:
        """Channels of each of the stem's outputs."""
        if self.stem_units:
            return inverted_units(self.stem_units)[-1].channels_out
        return 4 * self.stem if self.stem else 3

    @property
    def stem_features(self) -> int:
        """Numbers that a patch has before they are projected to `width`."""
        return (self.patch_size // self.stem_stride) ** 2 * self.stem_channels


@dataclass(frozen=True)
class NimaConfig:
    """Architecture of NIMA (Talebi and Milanfar, TIP 2018), which the paper compares with (Table 5).

    Attributes:
        backbone: `resnet50` (He et al., CVPR 2016), or `lite0`, the whole of EfficientNet-Lite0.
        outputs: K, as in `ModelConfig`.
        patch_size: side in px of the square that it sees: its only patch.
        channels: of ResNet-50's first convolution; 64 as published.
        dropout: probability before the head, in training only; 0.75 as published.
    """

    backbone: Literal["resnet50", "lite0"] = "resnet50"
    outputs: int = 1
    patch_size: int = 384
    channels: int = 64
    dropout: float = 0.75

    @property
    def stem_units(self) -> int:
        """Inverted residual units, as in `ModelConfig`."""
        return len(LITE0) if self.backbone == "lite0" else 0

    @property
    def stem_channels(self) -> int:
        """Channels of the backbone's output."""
        return LITE0[-1].channels_out if self.backbone == "lite0" else 32 * self.channels

    @property
    def scales(self) -> int:
        """1: it sees one size."""
        return 1

    @property
    def grid_size(self) -> int:
        """1: its patch is the whole image."""
        return 1


class InvertedUnit(NamedTuple):
    """One inverted residual unit (Sandler et al., "MobileNetV2", CVPR 2018)."""

    kernel: int
    stride: int
    expansion: int
    channels_in: int
    channels_out: int

    @property
    def residual(self) -> bool:
        """Whether the unit adds its input to its output."""
        return self.stride == 1 and self.channels_in == self.channels_out


LITE0 = tuple(
    InvertedUnit(kernel, stride if index == 0 else 1, expansion, before if index == 0 else channels, channels)
    for kernel, stride, expansion, before, channels, repeats in (
        (3, 1, 1, 32, 16, 1),
        (3, 2, 6, 16, 24, 2),
        (5, 2, 6, 24, 40, 2),
        (3, 2, 6, 40, 80, 3),
        (5, 1, 6, 80, 112, 3),
        (5, 2, 6, 112, 192, 4),
        (3, 1, 6, 192, 320, 1),
    )
    for index in range(repeats)
)  # EfficientNet-Lite0 (Tan and Le, "EfficientNet", ICML 2019, Table 1)


def inverted_units(count: int) -> tuple[InvertedUnit, ...]:
    """The first `count` units of EfficientNet-Lite0."""
    return LITE0[:count]


def weight_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape of every array that a checkpoint of this architecture holds, as `model.py` names them."""
    width = config.width
    shapes: dict[str, tuple[int, ...]] = {"class_token": (width,)}
    if config.spatial == "hash":
        shapes["spatial"] = (config.grid_size**2, width)
    if config.scale_embedding:
        shapes["scale"] = (config.scales, width)
    if config.stem_units:
        shapes |= _inverted_stem(config)
    elif config.stem:
        shapes |= _residual_stem(config)
    shapes |= _linear("stem.project", config.stem_features, width)
    for index in range(config.depth):
        block = f"blocks.{index}"
        shapes |= _affine(f"{block}.attention_norm", width) | _affine(f"{block}.mlp_norm", width)
        for name in ("query", "key", "value", "out"):
            shapes |= _linear(f"{block}.attention.{name}", width, width)
        shapes |= _linear(f"{block}.mlp.expand", width, config.mlp) | _linear(
            f"{block}.mlp.contract", config.mlp, width
        )
    return shapes | _affine("norm", width) | _linear("head", width, config.outputs)


def _residual_stem(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    stem = config.stem
    shapes: dict[str, tuple[int, ...]] = {"stem.conv.weight": (stem, 3, 7, 7), **_affine("stem.norm", stem)}
    for name, kernel in (
        ("conv1", (stem, stem, 1, 1)),
        ("conv2", (stem, stem, 3, 3)),
        ("conv3", (4 * stem, stem, 1, 1)),
        ("shortcut", (4 * stem, stem, 1, 1)),
    ):
        norm = "shortcut_norm" if name == "shortcut" else name.replace("conv", "norm")
        shapes |= {f"stem.block.{name}.weight": kernel} | _affine(f"stem.block.{norm}", kernel[0])
    return shapes


def _inverted_stem(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    units = inverted_units(config.stem_units)
    shapes = _convolution("stem.conv", units[0].channels_in, 3, 3) | _affine("stem.norm", config.width)
    for index, unit in enumerate(units):
        name, wide = f"stem.units.{index}", unit.channels_in * unit.expansion
        if unit.expansion > 1:
            shapes |= _convolution(f"{name}.expand", wide, unit.channels_in, 1)
        shapes |= _convolution(f"{name}.depthwise", wide, 1, unit.kernel)
        shapes |= _convolution(f"{name}.contract", unit.channels_out, wide, 1)
    return shapes


def _convolution(name: str, channels_out: int, channels_in: int, size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (channels_out, channels_in, size, size), f"{name}.bias": (channels_out,)}


def _affine(name: str, size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}


def _linear(name: str, size_in: int, size_out: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (size_out, size_in), f"{name}.bias": (size_out,)}
