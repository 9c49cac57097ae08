"""Architecture of the network as data, so that checkpoints can be read without torch."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ModelConfig:
    """Architecture of MUSIQ. The default is the paper's: 27,125,825 parameters with one output.

    Attributes:
        width: D, a multiple of `heads`.
        depth: number of encoder blocks.
        heads: attention heads.
        mlp: hidden width of the MLP.
        outputs: K; 1 is a score, 10 are logits over the ratings 1..10.
        scales: number of scale embeddings.
        grid_size: side G of the hash grid.
        patch_size: P in px, a multiple of 4.
        stem: channels of the first convolution; the bottleneck ends at four times as many.
        stem_groups: groups of the stem's group normalisations; divides `stem`.
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
    spatial: Literal["hash", "sinusoid", "none"] = "hash"
    scale_embedding: bool = True
    dropout: float = 0.0
    stochastic_depth: float = 0.0

    def __post_init__(self) -> None:
        for name in ("width", "depth", "heads", "mlp", "outputs", "scales", "grid_size", "stem", "stem_groups"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.width % self.heads:
            raise ValueError(f"width {self.width} must be a multiple of heads {self.heads}")
        if self.stem % self.stem_groups:
            raise ValueError(f"stem {self.stem} must be a multiple of stem_groups {self.stem_groups}")
        if self.patch_size < 4 or self.patch_size % 4:
            raise ValueError(f"patch_size must be a multiple of 4, got {self.patch_size}")
        if self.spatial == "sinusoid" and self.width % 4:
            raise ValueError(f"sinusoid needs a width that is a multiple of 4, got {self.width}")


def weight_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape of every array that a checkpoint of this architecture holds, as `model.py` names them."""
    width, stem, side = config.width, config.stem, config.patch_size // 4
    shapes: dict[str, tuple[int, ...]] = {"class_token": (width,)}
    if config.spatial == "hash":
        shapes["spatial"] = (config.grid_size**2, width)
    if config.scale_embedding:
        shapes["scale"] = (config.scales, width)
    shapes["stem.conv.weight"] = (stem, 3, 7, 7)
    shapes |= _affine("stem.norm", stem)
    for name, kernel in (
        ("conv1", (stem, stem, 1, 1)),
        ("conv2", (stem, stem, 3, 3)),
        ("conv3", (4 * stem, stem, 1, 1)),
        ("shortcut", (4 * stem, stem, 1, 1)),
    ):
        norm = "shortcut_norm" if name == "shortcut" else name.replace("conv", "norm")
        shapes |= {f"stem.block.{name}.weight": kernel} | _affine(f"stem.block.{norm}", kernel[0])
    shapes |= _linear("stem.project", side * side * 4 * stem, width)
    for index in range(config.depth):
        block = f"blocks.{index}"
        shapes |= _affine(f"{block}.attention_norm", width) | _affine(f"{block}.mlp_norm", width)
        for name in ("query", "key", "value", "out"):
            shapes |= _linear(f"{block}.attention.{name}", width, width)
        shapes |= _linear(f"{block}.mlp.expand", width, config.mlp) | _linear(
            f"{block}.mlp.contract", config.mlp, width
        )
    return shapes | _affine("norm", width) | _linear("head", width, config.outputs)


def _affine(name: str, size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}


def _linear(name: str, size_in: int, size_out: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (size_out, size_in), f"{name}.bias": (size_out,)}
