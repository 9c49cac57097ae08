"""Reference numbers (see reference/README.md) and small pictures that the tests share."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from musiq.checkpoint import Checkpoint
from musiq.config import ModelConfig, weight_shapes
from musiq.published import read_published
from musiq.sources import load_checkpoint

REFERENCE = Path(__file__).parent / "reference"
MODELS = ("tiny-multiscale", "tiny-distribution", "tiny-single")


@pytest.fixture(scope="session")
def reference_scores() -> dict[str, Any]:
    return json.loads((REFERENCE / "scores.json").read_text())


@pytest.fixture(scope="session")
def reference_image() -> Callable[[str], np.ndarray]:
    return lambda name: np.array(Image.open(REFERENCE / "images" / f"{name}.png").convert("RGB"))


@pytest.fixture(scope="session")
def tiny_checkpoints() -> dict[str, Checkpoint]:
    """The reference's three models; they share one architecture and so one exported graph."""
    from musiq.runtime.export import export_graph

    checkpoints = {name: read_published(REFERENCE / f"{name}.npz") for name in MODELS}
    graph = export_graph(checkpoints["tiny-multiscale"].model)
    return {name: replace(checkpoint, graph=graph) for name, checkpoint in checkpoints.items()}


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
