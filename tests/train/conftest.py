"""A small rated folder, a recipe that learns it in seconds, and a way to run it."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from musiq.data.csv import read_csv
from musiq.data.record import DataSet
from musiq.train.distributed import join_world
from musiq.train.loop import RunOptions, Trainer
from musiq.train.recipe import Recipe, load_recipe

RECIPE = """
from musiq.config import ModelConfig
from musiq.patches import PatchConfig
from musiq.train.recipe import Recipe

recipe = Recipe(
    name="toy",
    model=ModelConfig(width=24, depth=1, heads=2, mlp=32, stem=8, stem_groups=4, scales=1),
    patches=PatchConfig(longer_sides=()),
    epochs=2, images_per_step=4, tokens_per_batch=40, learning_rate=3e-3, keep_tokens=(9,),
)
"""


torch.set_num_threads(1)  # the networks here are too small to share


@pytest.fixture(scope="session")
def rated(tmp_path_factory) -> Path:
    """24 crops of a noise image, each blurred more than the last: the rating falls with the blur, from 5 to 1."""
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


@pytest.fixture(scope="session")
def rated_set(rated) -> DataSet:
    return replace(read_csv(rated / "rated.csv", rated), low=1, high=5)


@pytest.fixture(scope="session")
def toy(rated) -> Recipe:
    return load_recipe(rated / "recipe.py")


@pytest.fixture
def make_trainer(toy, rated_set):
    """Trainer of the toy recipe with some fields changed."""

    def make(run: Path, sets=None, options=None, **changes) -> Trainer:
        with join_world("cpu") as world:
            return Trainer(replace(toy, **changes), sets or [rated_set], run, world, options or RunOptions(workers=0))

    return make
