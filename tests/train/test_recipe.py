import pytest

from musiq.errors import RecipeError
from musiq.patches import PatchConfig
from musiq.train.recipe import load_recipe, recipe_names
from tests.conftest import RECIPE


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("recipe = 3", "must assign a Recipe to the name 'recipe', found int"),
        ("1 / 0", "ZeroDivisionError"),
        (RECIPE.replace("scales=1", "scales=3"), "model.scales and patches.scales differ"),
        (RECIPE.replace("keep_tokens=(9,)", "keep_tokens=(9, 9)"), "keep_tokens needs 1 numbers"),
        (RECIPE.replace("epochs=2", "epochs=0"), "epochs must be at least 1"),
        (RECIPE.replace("epochs=2", "clip_norm=0"), "clip_norm must be positive or None"),
        (RECIPE.replace("epochs=2", "layer_decay=1.5"), r"layer_decay must be in \(0, 1\]"),
        (RECIPE.replace("epochs=2", "weights=(1, -1)"), "weights must not be negative"),
        (RECIPE.replace("epochs=2", "task='distribution'"), "needs as many outputs, not 1"),
        (
            RECIPE.replace("scales=1", "scales=1, outputs=3"),
            "needs 1 output, or 2 for its uncertainty, not 3",
        ),
        (RECIPE.replace("epochs=2", "task='classes', ranking=1"), "ranking goes with task mos"),
    ],
)
def test_faults_in_a_recipe_are_named(tmp_path, text, named):
    (tmp_path / "recipe.py").write_text(text)
    with pytest.raises(RecipeError, match=named):
        load_recipe(tmp_path / "recipe.py")


def test_an_unknown_name_lists_the_known():
    with pytest.raises(RecipeError, match=r"koniq: no such recipe file, nor one of musiq's own \(ava, .*koniq10k"):
        load_recipe("koniq")


# the paper's values (section 4.2 and supplement): epochs, batch, peak learning rate, weight decay
PAPER = {
    "imagenet": (300, 4096, 1e-3, 0.1),
    "paq2piq": (10, 128, 2e-4, 0.0),
    "koniq10k": (30, 96, 1e-4, 0.0),
    "spaq": (30, 128, 1e-4, 0.0),
    "ava": (20, 512, 0.12, 0.0),
}


@pytest.mark.parametrize("name", PAPER)
def test_recipes_of_the_paper_have_its_values(name):
    recipe = load_recipe(name)
    assert (recipe.epochs, recipe.images_per_step, recipe.learning_rate, recipe.weight_decay) == PAPER[name]
    assert (recipe.patches, recipe.max_native, recipe.keep_tokens) == (PatchConfig(), 512, None)
    assert (recipe.model.width, recipe.model.depth, recipe.model.mlp) == (384, 14, 1152)
    if name == "imagenet":
        assert (recipe.optimizer, recipe.task, recipe.augment.crop) == ("adamw", "classes", 1.0)
    else:
        assert recipe.optimizer == "sgd"
        assert recipe.task == ("distribution" if name == "ava" else "mos")
        augment = recipe.augment
        assert (augment.flip, augment.crop, augment.resize, augment.squeeze, augment.degrade) == (0.5, 0, 0, 0, 0)


def test_every_recipe_of_the_project_loads():
    for name in recipe_names():
        assert load_recipe(name).name == name
