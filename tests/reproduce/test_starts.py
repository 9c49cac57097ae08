"""Checkpoints to start from are checked before anything is trained."""

from dataclasses import replace

import pytest

from musiq.checkpoint import Checkpoint, save_checkpoint
from musiq.errors import CheckpointError, RecipeError
from musiq.reproduce.starts import choose_starts
from musiq.reproduce.workshop import Workshop
from tests.conftest import random_weights


@pytest.fixture
def recipes(tiny_setting):
    return [
        tiny_setting.musiq(),
        tiny_setting.musiq(patch=16),
        tiny_setting.vit("small"),
        tiny_setting.nima("resnet", 384),
    ]


@pytest.fixture
def save(tmp_path):
    """Writes a checkpoint for a recipe's network."""

    def write(recipe):
        weights = random_weights(recipe.model)
        save_checkpoint(Checkpoint("start", weights, recipe.model, recipe.patches), tmp_path / recipe.name)
        return str(tmp_path / recipe.name)

    return write


def test_a_file_alone_is_for_every_musiq_that_has_none_of_its_own(recipes, save, tmp_path):
    musiq, finer, vit, nima = recipes
    (tmp_path / "resnet50.pth").touch()
    files = [save(musiq), f"{finer.name}={save(finer)}", f"{nima.name}={tmp_path / 'resnet50.pth'}"]
    starts = choose_starts(files, recipes)
    assert starts == {musiq.name: files[0], finer.name: save(finer), nima.name: str(tmp_path / "resnet50.pth")}
    workshop = Workshop(tmp_path, starts=starts)
    assert workshop.start(musiq).initial == files[0]
    assert workshop.start(vit).initial is None


def test_one_that_does_not_fit_is_refused_with_a_way_out(recipes, save):
    musiq, finer, *_ = recipes
    with pytest.raises(
        RecipeError, match=rf"does not fit {finer.name}: it has patch_size 32, not 16.*{finer.name}=FILE"
    ):
        choose_starts([save(musiq)], recipes)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ("musik=a.npz", RecipeError, "no such recipe here; there are musiq-"),
        ("none.npz", CheckpointError, "none.npz"),
        ("nima-resnet50-96=none.pth", RecipeError, "none.pth: no such file"),
    ],
)
def test_what_is_not_there_is_named(recipes, given, error, said):
    with pytest.raises(error, match=said):
        choose_starts([given], recipes)


def test_lite0_has_its_own_weights(tiny_setting):
    recipe = tiny_setting.nima("resnet", 384)
    recipe = replace(recipe, model=replace(recipe.model, backbone="lite0"))
    with pytest.raises(RecipeError, match="starts from EfficientNet-Lite0's own weights"):
        choose_starts([f"{recipe.name}=x.pth"], [recipe])


def test_a_path_may_hold_an_equals_sign(recipes, save, tmp_path):
    path = save(recipes[0])
    (tmp_path / "a=b").mkdir()
    moved = (tmp_path / recipes[0].name).rename(tmp_path / "a=b" / "start")
    assert path != str(moved)
    assert choose_starts([str(moved)], recipes[:1]) == {recipes[0].name: str(moved)}
