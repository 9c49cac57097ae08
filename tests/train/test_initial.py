from dataclasses import replace

import numpy as np
import pytest
import torch

from musiq import Scorer
from musiq.checkpoint import Checkpoint
from musiq.config import ModelConfig
from musiq.errors import CheckpointError
from musiq.model import MUSIQ
from musiq.sources import load_checkpoint
from musiq.train.initial import initialise
from tests.conftest import REFERENCE, random_weights


def same(network: MUSIQ, checkpoint: Checkpoint) -> set[str]:
    return {name for name, value in network.state_dict().items() if np.array_equal(value, checkpoint.weights[name])}


def test_everything_is_taken_over(tiny):
    network = MUSIQ(replace(tiny.model, dropout=0.1))
    initialise(network, tiny)
    assert same(network, tiny) == set(tiny.weights)


@pytest.fixture
def imagenet(tmp_path) -> Checkpoint:
    """The published layout with a head of 1,000 classes."""
    with np.load(REFERENCE / "tiny-multiscale.npz") as file:
        arrays = {name: file[name] for name in file.files}
    arrays["opt/target/head/kernel"] = np.zeros((24, 1000), np.float32)
    arrays["opt/target/head/bias"] = np.zeros(1000, np.float32)
    np.savez(tmp_path / "imagenet.npz", **arrays)
    return load_checkpoint(tmp_path / "imagenet.npz")


def test_an_imagenet_file_gives_all_but_its_head(imagenet):
    torch.manual_seed(0)
    network = MUSIQ(replace(imagenet.model, outputs=1))
    initialise(network, imagenet)
    assert same(network, imagenet) == set(imagenet.weights) - {"head.weight", "head.bias"}


def test_an_imagenet_file_gives_no_scores(imagenet):
    with pytest.raises(CheckpointError, match="1000 outputs are no quality score"):
        Scorer.load(imagenet)


def test_another_architecture_is_refused():
    other = ModelConfig(width=24, depth=3, mlp=48)
    checkpoint = Checkpoint("other", random_weights(other), other)
    with pytest.raises(CheckpointError, match="other: cannot initialise"):
        initialise(MUSIQ(replace(other, depth=2)), checkpoint)
