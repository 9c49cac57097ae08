"""At which scale an experiment runs: `tiny` in seconds, `small` in minutes a run on a CPU, `paper` as published.

The experiments say what changes from row to row; the setting says what all rows have in common.
"""

from dataclasses import dataclass, replace
from typing import Literal

from musiq.config import ModelConfig, NimaConfig
from musiq.patches import PatchConfig
from musiq.scores import RATINGS
from musiq.train.augment import Augment
from musiq.train.recipe import Recipe, load_recipe, recipe_names

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


TINY = Setting(
    name="tiny",
    shrink=4,
    images=(24, 8, 24),
    seeds=2,
    base=Recipe(
        name="tiny",
        model=ModelConfig(width=24, depth=1, heads=2, mlp=48, stem=4, stem_groups=2),
        epochs=1,
        images_per_step=8,
        learning_rate=2e-3,
        ema=0.0,
        max_native=None,
    ),
    vit_base=ModelConfig(width=48, depth=1, heads=4, mlp=96),
    resnet=NimaConfig(channels=4),
    inception=NimaConfig(channels=2),
    shorter_side_px=512,
)
SMALL = Setting(
    name="small",
    shrink=2,
    images=(1600, 300, 800),
    seeds=3,
    base=Recipe(
        name="small",
        model=ModelConfig(width=96, depth=3, heads=3, mlp=288, stem_units=11),
        epochs=4,
        images_per_step=16,
        tokens_per_batch=8192,
        learning_rate=1e-3,
        ema=0.99,
        max_native=None,
        stem_initial="efficientnet-lite0",
        freeze_units=11,
        augment=Augment(flip=0.0),
    ),
    vit_base=ModelConfig(width=192, depth=3, heads=6, mlp=768, stem_units=11),
    resnet=NimaConfig("lite0", dropout=0.0),  # as its rivals have none
    inception=NimaConfig("lite0", dropout=0.0),
    frozen_front=True,
    shorter_side_px=512,
)


def make_setting(scale: ScaleName, data: str, histograms: bool) -> Setting:
    """The setting for a data set.

    Args:
        scale: its name.
        data: name of the data set; at scale `paper` its own recipe is taken, or KonIQ-10k's where it has none.
        histograms: whether its images have ten ratings each, to be learned as distributions.
    """
    if scale == "paper":
        return _paper(load_recipe(data if data in PAPER_RECIPES else "koniq10k"))
    setting = TINY if scale == "tiny" else SMALL
    if not histograms:
        return setting
    assert isinstance(setting.base.model, ModelConfig)
    model = replace(setting.base.model, outputs=len(RATINGS))
    return _with_outputs(replace(setting, base=replace(setting.base, task="distribution", model=model)))


PAPER_RECIPES = {"paq2piq", "koniq10k", "spaq", "ava"} & set(recipe_names())


def _paper(recipe: Recipe) -> Setting:
    return _with_outputs(
        Setting(
            name="paper",
            shrink=1,
            images=(None, None, None),
            seeds=10,
            base=recipe,
            vit_base=ModelConfig(width=768, depth=12, heads=12, mlp=3072),
            resnet=NimaConfig(),
            inception=NimaConfig("lite0"),
        )
    )


def _with_outputs(setting: Setting) -> Setting:
    """The setting with as many outputs for every network as its base has."""
    outputs = setting.base.model.outputs
    return replace(
        setting,
        vit_base=replace(setting.vit_base, outputs=outputs),
        resnet=replace(setting.resnet, outputs=outputs),
        inception=replace(setting.inception, outputs=outputs),
    )
