"""One small network of each kind, traced once for all formats."""

import numpy as np
import pytest

from musiq.checkpoint import Checkpoint
from musiq.config import ModelConfig
from musiq.export.network import Exported
from musiq.export.onnx import to_onnx
from musiq.patches import PatchConfig
from musiq.published import read_published
from musiq.scorer import Scorer
from musiq.scores import OwnScale, ScoreRange
from tests.conftest import REFERENCE, random_weights

KINDS = ("residual", "inverted")  # that are traced; `linear` is not
OWN = OwnScale(1, 5, scores=(2.0, 5.0, 5.5, 8.0), values=(1.0, 1.5, 4.0, 4.5), name="three friends")
LINEAR = ModelConfig(24, 1, 3, 40, outputs=2, scales=1, patch_size=16, stem=0, spatial="none")
INVERTED = ModelConfig(
    24, 1, 3, 40, 10, grid_size=5, patch_size=32, stem_units=2, spatial="sinusoid", scale_embedding=False
)
MIRRORED = PatchConfig((48, 96), patch_size=32, grid_size=5, padding="mirror", longest_px=200)


@pytest.fixture(scope="session")
def kinds() -> dict[str, Exported]:
    """By stem: the paper's (one output), that of phones (ten, and a scale of one's own), ViT's (two outputs)."""
    inverted = Checkpoint(
        "inverted", random_weights(INVERTED), INVERTED, MIRRORED, ScoreRange(1, 10), ("AVA",), "CC0", own_scale=OWN
    )
    linear = Checkpoint(
        "linear", random_weights(LINEAR), LINEAR, PatchConfig((), patch_size=16), ScoreRange(0, 100, factor=100)
    )
    made = {"residual": read_published(REFERENCE / "tiny-multiscale.npz"), "inverted": inverted, "linear": linear}
    return {name: Exported(checkpoint) for name, checkpoint in made.items()}


@pytest.fixture(scope="session")
def graphs(kinds) -> dict[str, bytes]:
    """The ONNX file of each kind."""
    return {name: to_onnx(kinds[name]) for name in KINDS}


@pytest.fixture(scope="session")
def scorers(kinds) -> dict[str, Scorer]:
    return {name: Scorer.load(exported.checkpoint, runtime="torch") for name, exported in kinds.items()}


@pytest.fixture(scope="session")
def pictures(reference_image) -> dict[str, np.ndarray]:
    return {name: reference_image(name) for name in ("rocket_tall_427x100", "synthetic_31x31", "chelsea_300x451")}
