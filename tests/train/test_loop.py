import csv
import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from typer.testing import CliRunner

from musiq import Scorer, load_checkpoint
from musiq.cli import app
from musiq.config import ModelConfig
from musiq.data.split import train_and_validation
from musiq.errors import DataError, RecipeError
from musiq.evaluate.predictions import evaluate_checkpoint
from musiq.patches import PatchConfig
from musiq.train.loop import Trainer
from musiq.train.losses import interval_l1
from musiq.train.recipe import Recipe, load_recipe
from musiq.train.schedule import cosine

RECIPE = """
from musiq.config import ModelConfig
from musiq.patches import PatchConfig
from musiq.train.recipe import Recipe

recipe = Recipe(
    name="toy",
    model=ModelConfig(width=24, depth=1, heads=2, mlp=32, stem=8, stem_groups=4, scales=1),
    patches=PatchConfig(longer_sides=()),
    mos_low=1, mos_high=5, epochs=2, images_per_step=4, tokens_per_batch=40, learning_rate=3e-3, keep_tokens=(9,),
    training_data=("toy",),
)
"""


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    """24 crops of a photo, each blurred more than the last: the rating falls with the blur."""
    folder = tmp_path_factory.mktemp("rated")
    rng = np.random.default_rng(0)
    photo = Image.fromarray(rng.integers(0, 256, (96, 130, 3), np.uint8))
    rows = []
    for index in range(24):
        name = f"{index:02d}.png"
        photo.filter(ImageFilter.GaussianBlur(index / 6)).crop((0, 0, 96 + index, 96)).save(folder / name)
        rows.append((name, f"{5 - 4 * index / 23:.3f}", "val" if index % 6 == 3 else "train"))
    with open(folder / "rated.csv", "w", newline="") as file:
        csv.writer(file).writerows([("image", "mos", "split"), *rows])
    (folder / "recipe.py").write_text(RECIPE)
    return folder


def trainer(rated, run, **changes):
    recipe = load_recipe(rated / "recipe.py")
    recipe = Recipe(**{**vars(recipe), **changes})
    return Trainer(recipe, *train_and_validation(rated / "rated.csv", rated, 0), run, workers=0)


def test_from_csv_to_a_checkpoint_that_scores_and_is_evaluated(rated, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = ["--data", str(rated / "rated.csv"), "--images", str(rated)]
    options = [*data, "--out", "run", "--workers", "0"]
    result = CliRunner().invoke(app, ["train", str(rated / "recipe.py"), *options])
    assert result.exit_code == 0, result.output
    checkpoint = load_checkpoint("run/checkpoint")
    assert checkpoint.training_data == ("toy",)
    assert checkpoint.graph is not None
    training = json.loads((tmp_path / "run/checkpoint/training.json").read_text())
    assert training["images"] == {"train": 20, "val": 4}
    rows = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2]
    assert {"loss", "val_srcc", "val_plcc"} <= set(rows[0])

    result = CliRunner().invoke(app, ["evaluate", "run/checkpoint", *data, "--split", "val", "--mos-range", "1", "5"])
    assert result.exit_code == 0, result.output
    assert "SRCC" in result.stdout
    predictions = list(csv.DictReader((tmp_path / "predictions.csv").read_text().splitlines()))
    assert len(predictions) == 4
    first = Scorer.load("run/checkpoint").score(rated / predictions[0]["image"]).mos
    assert float(predictions[0]["score"]) == pytest.approx(first, rel=1e-4)
    assert float(predictions[0]["mos"]) == pytest.approx(100 * (1 - 3 / 23), abs=0.1)


def test_learns_to_rank_blur(rated, tmp_path):
    folder = trainer(rated, tmp_path / "run", epochs=12).fit()
    result = evaluate_checkpoint(Scorer.load(folder), rated / "rated.csv", rated, ("train",), tmp_path / "p.csv")
    assert result.srcc > 0.9


class StoppedError(Exception):
    pass


def test_a_run_stopped_anywhere_ends_as_if_it_had_not(rated, tmp_path, monkeypatch):
    whole = trainer(rated, tmp_path / "whole")
    whole.fit()
    stopped = trainer(rated, tmp_path / "stopped")
    monkeypatch.setattr("musiq.train.loop.SAVE_EVERY_S", -1)  # saves after each step
    step, calls = Trainer._step, []

    def stop_at_seventh(self, *arguments):
        calls.append(1)
        if len(calls) == 7:
            raise StoppedError
        return step(self, *arguments)

    monkeypatch.setattr(Trainer, "_step", stop_at_seventh)
    with pytest.raises(StoppedError):
        stopped.fit()
    resumed = trainer(rated, tmp_path / "stopped")
    assert (resumed.state.epoch, resumed.state.step) == (1, 1)
    resumed.fit()
    for ours, theirs in zip(resumed.state.model.parameters(), whole.state.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_state_of_another_recipe_is_refused(rated, tmp_path):
    trainer(rated, tmp_path / "run").state.save(tmp_path / "run")
    other = ModelConfig(width=12, depth=1, heads=2, mlp=32, stem=8, stem_groups=4, scales=1)
    with pytest.raises(RecipeError, match=r"state\.pt: cannot resume"):
        trainer(rated, tmp_path / "run", model=other)
    (tmp_path / "run" / "state.pt").write_bytes(b"damaged")
    with pytest.raises(RecipeError, match=r"state\.pt: cannot resume"):
        trainer(rated, tmp_path / "run")


def test_an_unreadable_rated_image_is_named(rated, tmp_path, tiny):
    folder = tmp_path / "copy"
    shutil.copytree(rated, folder)
    (folder / "03.png").write_bytes(b"gone")
    with pytest.raises(DataError, match=r"03\.png"):
        evaluate_checkpoint(Scorer.load(tiny), folder / "rated.csv", folder, ("val",), tmp_path / "p.csv")


def test_interval_loss_by_hand():
    prediction = torch.tensor([0.5, 0.5, 0.5, 0.9])
    low, high = torch.tensor([0.2, 0.6, 0.4, 0.1]), torch.tensor([0.2, 0.8, 0.6, 0.3])
    assert interval_l1(prediction, low, high).item() == pytest.approx(0.3 + 0.1 + 0 + 0.6)


def test_cosine_by_hand():
    assert [cosine(step, 100, 0.1) for step in (0, 4, 9)] == pytest.approx([0.1, 0.5, 1.0])
    assert cosine(10, 100, 0.1) == pytest.approx(1)
    assert cosine(55, 100, 0.1) == pytest.approx(0.5)
    assert cosine(100, 100, 0.1) == pytest.approx(0)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("recipe = 3", "must assign a Recipe to the name 'recipe', found int"),
        ("1 / 0", "ZeroDivisionError"),
        (RECIPE.replace("mos_high=5", "mos_high=1"), "mos_high 1 must exceed"),
        (RECIPE.replace("scales=1", "scales=3"), "model.scales and patches.scales differ"),
        (RECIPE.replace("keep_tokens=(9,)", "keep_tokens=(9, 9)"), "keep_tokens needs 1 numbers"),
        (RECIPE.replace("epochs=2", "epochs=0"), "epochs must be at least 1"),
    ],
)
def test_faults_in_a_recipe_are_named(tmp_path, text, named):
    (tmp_path / "recipe.py").write_text(text)
    with pytest.raises(RecipeError, match=named):
        load_recipe(tmp_path / "recipe.py")


def test_the_recipes_of_the_project_load():
    from pathlib import Path

    for path in (Path(__file__).parents[2] / "recipes").glob("*.py"):
        assert load_recipe(path).patches == PatchConfig()
