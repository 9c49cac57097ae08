"""What each row trains: the paper's networks at scale `paper`, the same changes at the others."""

import pytest

from musiq.config import ModelConfig, NimaConfig
from musiq.patches import PatchConfig, token_counts
from musiq.reproduce.cost import parameter_count
from musiq.reproduce.publish import TABLES
from musiq.reproduce.scales import make_setting
from musiq.reproduce.table5 import TABLE5
from musiq.train.recipe import load_recipe

SCALES = ("tiny", "small", "paper")


@pytest.mark.parametrize(
    ("label", "millions"),
    [
        ("NIMA(ResNet50) (384 square input)", 24),
        ("ViT-Base 32 (384 square input)", 88),
        ("ViT-Small 32 (384 square input)", 22),
        ("MUSIQ w/ square resizing (512, 384, 224)", 27),
        ("MUSIQ w/ ARP resizing (full, 384, 224)", 27),
    ],
)
def test_parameters_are_those_of_table_5(label, millions):
    recipe = TABLE5.row(label).recipe(make_setting("paper", "ava", histograms=True))
    assert recipe.model.outputs == 10
    assert round(parameter_count(recipe.model) / 1e6) == millions


def test_the_papers_row_is_the_papers_recipe():
    for data in ("paq2piq", "koniq10k", "spaq", "ava"):
        setting, published = make_setting("paper", data, data == "ava"), load_recipe(data)
        ours = setting.musiq(224, 384)
        assert ours.model == published.model
        assert ours.patches == PatchConfig()
        assert (ours.epochs, ours.optimizer, ours.max_native) == (published.epochs, published.optimizer, 512)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_row_has_a_recipe_of_its_own(table, scale):
    setting = make_setting(scale, "any", histograms=False)
    recipes = [row.recipe(setting) for row in table.rows if row.recipe is not None]
    assert len({recipe.name for recipe in recipes}) == len(recipes)
    plans = [{**recipe.as_json(), "name": ""} for recipe in recipes]
    assert all(plans.count(plan) == 1 for plan in plans)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_claims_are_of_rows_and_the_papers_own_figures_bear_them(table, scale):
    for claim in table.claims:
        better, worse = table.row(claim.better), table.row(claim.worse)
        if better.srcc is not None and worse.srcc is not None:
            assert better.srcc > worse.srcc, claim


def test_sides_shrink_with_the_scale():
    sides = {scale: make_setting(scale, "any", False).musiq(224, 384, 512).patches.longer_sides for scale in SCALES}
    assert sides == {"tiny": (56, 96, 128), "small": (112, 192, 256), "paper": (224, 384, 512)}


def test_vit_has_a_place_for_each_patch():
    recipe = make_setting("paper", "koniq10k", False).vit("base")
    assert token_counts(600, 900, recipe.patches) == [144]
    assert recipe.model == ModelConfig(768, 12, 12, 3072, scales=1, grid_size=12, stem=0, scale_embedding=False)


def test_nima_sees_the_whole_square_at_once():
    setting = make_setting("paper", "koniq10k", False)
    for recipe, side in ((setting.nima("resnet", 384), 384), (setting.nima("inception", 224), 224)):
        assert token_counts(600, 900, recipe.patches) == [1]
        assert recipe.patches.patch_size == side
    assert setting.nima("resnet", 384).model == NimaConfig()


def test_small_runs_start_from_the_same_frozen_front():
    setting = make_setting("small", "biq2021", False)
    for recipe in (setting.musiq(224), setting.vit("base"), setting.nima("resnet", 384)):
        assert recipe.stem_initial == "efficientnet-lite0"
        assert recipe.freeze_units == 11 <= recipe.model.stem_units


def test_distributions_are_learned_from_histograms():
    for scale in SCALES:
        setting = make_setting(scale, "ava", histograms=True)
        for recipe in (setting.musiq(), setting.vit("small"), setting.nima("inception", 224)):
            assert (recipe.task, recipe.model.outputs) == ("distribution", 10)
