"""The three scales of every experiment: `tiny` in seconds, `small` in minutes a run on a CPU, `paper` as published."""

from dataclasses import replace

from musiq.config import ModelConfig, NimaConfig
from musiq.reproduce.setting import ScaleName, Setting
from musiq.scores import RATINGS
from musiq.train.augment import Augment
from musiq.train.recipe import Recipe, load_recipe, recipe_names

PAPER_RECIPES = {"paq2piq", "koniq10k", "spaq", "ava"} & set(recipe_names())
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
