"""Reference numbers (see reference/README.md), small pictures and a small rated folder that the tests share."""

import csv
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from musiq.checkpoint import Checkpoint
from musiq.config import ModelConfig, weight_shapes
from musiq.published import read_published
from musiq.sources import load_checkpoint

REFERENCE = Path(__file__).parent / "reference"
MODELS = ("tiny-multiscale", "tiny-distribution", "tiny-single")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `--dist loadfile`, files go to the workers as a whole, so that what their tests share is made once."""
    from tests.schedule import Files

    return Files(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def reference_scores() -> dict[str, Any]:
    return json.loads((REFERENCE / "scores.json").read_text())


@pytest.fixture(scope="session")
def reference_image() -> Callable[[str], np.ndarray]:
    return lambda name: np.array(Image.open(REFERENCE / "images" / f"{name}.png").convert("RGB"))


@pytest.fixture(scope="session")
def shared_exports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What one worker of pytest-xdist has exported, the others read: an export takes seconds."""
    from tests.exports import share

    folder = tmp_path_factory.getbasetemp()
    with pytest.MonkeyPatch.context() as patch:
        share(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder, patch)
        yield


@pytest.fixture(scope="session")
def tiny_checkpoints(shared_exports: None) -> dict[str, Checkpoint]:
    """The reference's three models; they share one architecture and so its exported graphs."""
    from musiq.runtime.export import export_graphs

    checkpoints = {name: read_published(REFERENCE / f"{name}.npz") for name in MODELS}
    graphs = export_graphs(checkpoints["tiny-multiscale"].model)
    return {name: replace(checkpoint, graphs=graphs) for name, checkpoint in checkpoints.items()}


@pytest.fixture
def tiny(tiny_checkpoints: dict[str, Checkpoint]) -> Checkpoint:
    return tiny_checkpoints["tiny-multiscale"]


@pytest.fixture
def photo(reference_image: Callable[[str], np.ndarray]) -> np.ndarray:
    """uint8 (300, 451, 3)."""
    return reference_image("chelsea_300x451")


def random_weights(config: ModelConfig, seed: int = 0) -> dict[str, np.ndarray]:
    """Weights of a plausible size for an architecture: norms near 1, the rest small."""
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in weight_shapes(config).items():
        values = rng.standard_normal(shape, np.float32)
        scale = np.float32(np.prod(shape[1:]) ** -0.5)
        weights[name] = 1 + values / 10 if "norm" in name and name.endswith("weight") else values * scale
    return weights


@pytest.fixture(scope="session")
def default_checkpoint() -> Checkpoint:
    return load_checkpoint("default")


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


@pytest.fixture(scope="session")
def rated(tmp_path_factory, shared_exports) -> Path:
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
