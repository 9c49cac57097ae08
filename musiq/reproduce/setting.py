"""What the rows of an experiment have in common, and how each kind of network is made from it.

The experiments say what changes from row to row.
"""

from dataclasses import dataclass, replace
from typing import Literal

from musiq.config import ModelConfig, NimaConfig
from musiq.patches import PatchConfig
from musiq.train.recipe import Recipe

ScaleName = Literal["tiny", "small", "paper"]
PATCH_PX = 32
CNN_STRIDE = 32  # sides of squares for NIMA are multiples of it
IMAGES_PER_BATCH = 32  # that NIMA's backbone holds at a time
UNITS_RATE = 0.1  # of the learning rate for units that come from ImageNet


@dataclass(frozen=True)
class Setting:
    """What the rows of an experiment have in common.

    Attributes:
        name: `tiny`, `small` or `paper`.
        shrink: sides of resized copies are the paper's divided by this, for photos that much smaller than the paper's.
        images: at most so many for training, validation and test, drawn by seed 0; None for all.
        seeds: runs of each row.
        base: the recipe of MUSIQ (full, 384, 224); other rows change its network or its pyramid.
        vit_base: encoder of ViT-Base; ViT-Small has the encoder of `base`, as in the paper.
        resnet: stands for NIMA (ResNet-50).
        inception: stands for NIMA (Inception-v2), for which EfficientNet-Lite0 steps in.
        frozen_front: the first units of every network are EfficientNet-Lite0's, from ImageNet, and stay so.
        shorter_side_px: photos with a longer one are reduced to it first; None leaves all as they are.
    """

    name: ScaleName
    shrink: int
    images: tuple[int | None, int | None, int | None]
    seeds: int
    base: Recipe
    vit_base: ModelConfig
    resnet: NimaConfig
    inception: NimaConfig
    frozen_front: bool = False
    shorter_side_px: int | None = None

    def side(self, paper_px: int) -> int:
        """A side of the paper in px, at this scale."""
        return paper_px // self.shrink

    def musiq(
        self,
        *sides: int,
        native: bool = True,
        aspect: Literal["preserve", "square"] = "preserve",
        patch: int = PATCH_PX,
        grid: int = 10,
        spatial: Literal["hash", "sinusoid", "none"] = "hash",
        scale_embedding: bool = True,
    ) -> Recipe:
        """MUSIQ with another pyramid, `sides` as the paper gives them, or another embedding."""
        ours = tuple(sorted(map(self.side, sides)))
        patches = PatchConfig(ours, native=native, aspect=aspect, patch_size=patch, grid_size=grid)
        model = self.base.model
        assert isinstance(model, ModelConfig)
        model = replace(
            model,
            scales=patches.scales,
            grid_size=grid,
            patch_size=patch,
            spatial=spatial,
            scale_embedding=scale_embedding,
        )
        parts = ["musiq", *patches.id.split("/")[1:], *([spatial] if spatial != "hash" else [])]
        parts += [] if scale_embedding else ["no-scale"]
        limit = self.base.max_native
        if limit is not None:  # patches of any size cover the same part of a photo
            limit = limit * PATCH_PX**2 // patch**2 if native else None
        return replace(self.base, name="-".join(parts), model=model, patches=patches, max_native=limit)

    def vit(self, size: Literal["base", "small"]) -> Recipe:
        """ViT (Dosovitskiy et al., ICLR 2021) on 384 squares: one scale, an embedding per patch position."""
        square = self._square(self.side(384), PATCH_PX)
        encoder = self.vit_base if size == "base" else self.base.model
        assert isinstance(encoder, ModelConfig)
        model = replace(encoder, scales=1, grid_size=square.grid_size, scale_embedding=False)
        if not self.frozen_front:
            model = replace(model, stem=0)  # ViT's own stem
        name = f"vit-{size}-{square.longer_sides[0]}"
        return replace(self.base, name=name, model=model, patches=square, max_native=None)

    def nima(self, backbone: Literal["resnet", "inception"], paper_px: int) -> Recipe:
        """NIMA on squares."""
        side = -(-self.side(paper_px) // CNN_STRIDE) * CNN_STRIDE
        square = self._square(side, side)
        model = replace(self.resnet if backbone == "resnet" else self.inception, patch_size=side)
        recipe = replace(self.base, name=f"nima-{model.backbone}-{side}", model=model, patches=square, max_native=None)
        recipe = replace(recipe, tokens_per_batch=IMAGES_PER_BATCH)  # its only token is the whole image
        if model.backbone == "lite0":
            recipe = replace(recipe, stem_initial="efficientnet-lite0", stem_rate=UNITS_RATE)
        return recipe

    def _square(self, side: int, patch: int) -> PatchConfig:
        cells = -(-side // patch)
        return PatchConfig((side,), native=False, aspect="square", patch_size=patch, grid_size=cells)
