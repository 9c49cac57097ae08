"""A scene for each page, the same at first, and recipes that train in seconds."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import tests.real_timm  # noqa: F401  # torchmetrics imports torchvision, as timm does
from musiq.checkpoint import Checkpoint
from musiq.train import loop
from musiq.train import recipe as recipes
from musiq.train.loop import RunOptions
from tests.docs.desk import Desk
from tests.docs.scene import make_scene

torch.set_num_threads(1)  # the networks here are too small to share


@pytest.fixture(scope="session")
def scenery(tmp_path_factory, tiny_checkpoints) -> Path:
    folder = tmp_path_factory.mktemp("scenery")
    make_scene(folder, tiny_checkpoints["tiny-multiscale"])
    return folder


@pytest.fixture
def desk(scenery: Path, tmp_path: Path, tiny: Checkpoint, monkeypatch) -> Iterator[Desk]:
    shutil.copytree(scenery, tmp_path / "scene", symlinks=True)
    monkeypatch.setattr(loop, "RunOptions", _without_workers)
    load = recipes.load_recipe
    monkeypatch.setattr(recipes, "load_recipe", lambda source: _shrunk(load(source), tiny))
    desk = Desk(tmp_path / "scene")
    yield desk
    desk.close()


def _without_workers(workers: int = 0, *others, **named) -> RunOptions:
    """No processes that decode ahead: each would import torch first."""
    return RunOptions(0, *others, **named)


def _shrunk(recipe: recipes.Recipe, tiny: Checkpoint) -> recipes.Recipe:
    """One epoch of a network as small as the tiny checkpoint, from the start that a command names, if any."""
    sizes = {name: getattr(tiny.model, name) for name in ("width", "depth", "heads", "mlp", "stem", "stem_groups")}
    model = replace(recipe.model, **sizes, stem_units=min(recipe.model.stem_units, 3))
    patches = replace(recipe.patches, longer_sides=tuple(side // 2 for side in recipe.patches.longer_sides))
    changes = {"epochs": 1, "stem_initial": None, "freeze_units": 0, "initial": None}
    return replace(recipe, model=model, patches=patches, **changes)
