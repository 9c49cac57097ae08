"""The rated folder as a data set, its recipe, and a way to run it."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from musiq.data.csv import read_csv
from musiq.data.record import DataSet
from musiq.train.distributed import join_world
from musiq.train.loop import RunOptions, Trainer
from musiq.train.recipe import Recipe, load_recipe

torch.set_num_threads(1)  # the networks here are too small to share


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
