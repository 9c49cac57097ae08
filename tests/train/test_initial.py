from dataclasses import replace

import numpy as np
import pytest
import torch

from musiq import Scorer
from musiq.checkpoint import Checkpoint
from musiq.config import ModelConfig
from musiq.errors import CheckpointError
from musiq.model import MUSIQ
from musiq.patches import PatchConfig, patchify
from musiq.scores import ScoreRange
from musiq.sources import load_checkpoint
from musiq.train.initial import begin_at, initialise
from musiq.train.recipe import load_recipe
from tests.conftest import REFERENCE, random_weights

UNKNOWN = ScoreRange()


def same(network: MUSIQ, checkpoint: Checkpoint) -> set[str]:
    state = network.state_dict()
    return {n for n, value in state.items() if n in checkpoint.weights and np.array_equal(value, checkpoint.weights[n])}


def test_everything_is_taken_over(tiny):
    network = MUSIQ(replace(tiny.model, dropout=0.1))
    assert initialise(network, tiny, tiny.patches, UNKNOWN) == []
    assert same(network, tiny) == set(tiny.weights)


def test_the_recipe_for_own_ratings_starts_from_all_of_the_default(default_checkpoint):
    recipe = load_recipe("finetune")
    network = MUSIQ(recipe.model)
    assert recipe.initial == "default"
    assert recipe.patches == default_checkpoint.patches
    assert initialise(network, default_checkpoint, recipe.patches, default_checkpoint.score) == []
    assert same(network, default_checkpoint) == set(default_checkpoint.weights)


@pytest.fixture
def imagenet(tmp_path) -> Checkpoint:
    """The published layout with a head of 1,000 classes."""
    with np.load(REFERENCE / "tiny-multiscale.npz") as file:
        arrays = {name: file[name] for name in file.files}
    arrays["opt/target/head/kernel"] = np.zeros((24, 1000), np.float32)
    arrays["opt/target/head/bias"] = np.zeros(1000, np.float32)
    np.savez(tmp_path / "imagenet.npz", **arrays)
    return load_checkpoint(tmp_path / "imagenet.npz")


@pytest.mark.parametrize("outputs", [1, 10])
def test_an_imagenet_file_gives_all_but_its_head(imagenet, outputs):
    torch.manual_seed(0)
    network = MUSIQ(replace(imagenet.model, outputs=outputs))
    notes = initialise(network, imagenet, imagenet.patches, UNKNOWN)
    assert notes == [f"new head of {outputs} outputs in place of 1000"]
    assert same(network, imagenet) == set(imagenet.weights) - {"head.weight", "head.bias"}


def test_an_imagenet_file_gives_no_scores(imagenet):
    with pytest.raises(CheckpointError, match="1000 outputs are no quality score"):
        Scorer.load(imagenet)


def test_a_network_of_another_size_is_refused():
    other = ModelConfig(width=24, depth=3, mlp=48)
    checkpoint = Checkpoint("other", random_weights(other), other)
    with pytest.raises(CheckpointError, match="other: cannot initialise .* it has depth 3, not 2$"):
        initialise(MUSIQ(replace(other, depth=2)), checkpoint, PatchConfig(), UNKNOWN)


def test_the_head_is_rescaled_to_another_range(tiny):
    """Scores 0..100 in units of 100, to ratings 1..5 in units of 4: the worst stays the worst, the best the best."""
    checkpoint = replace(tiny, score=ScoreRange(0, 100, factor=100))
    network = MUSIQ(tiny.model)
    notes = initialise(network, checkpoint, tiny.patches, ScoreRange(1, 5, factor=4))
    assert notes == ["head rescaled to scores from 1 to 5"]
    token = torch.randn(7, tiny.model.width)
    weight, bias = (torch.from_numpy(tiny.weights[name].copy()) for name in ("head.weight", "head.bias"))
    old = 100 * (token @ weight.T + bias)
    torch.testing.assert_close(4 * network.head(token), 1 + 4 * old / 100)


def test_the_grid_is_resampled(tiny):
    """A table that rises linearly along the rows still does so on a finer grid; a constant one stays constant."""
    weights = dict(tiny.weights)
    rows = np.repeat(np.arange(10, dtype=np.float32), 10)
    weights["spatial"] = np.stack([rows, np.full(100, 3, np.float32)] + [rows] * 22, axis=1)
    network = MUSIQ(replace(tiny.model, grid_size=20))
    notes = initialise(network, replace(tiny, weights=weights), replace(tiny.patches, grid_size=20), UNKNOWN)
    assert notes == ["spatial embedding resampled from 10 x 10 to 20 x 20 cells"]
    table = network.spatial.detach().reshape(20, 20, 24)
    assert torch.equal(table[..., 1], torch.full((20, 20), 3.0))
    inner = table[1:-1, :, 0]  # cell centres at (i + 0.5) / 2 - 0.5 in the old cells
    expected = (torch.arange(1, 19) + 0.5) / 2 - 0.5
    torch.testing.assert_close(inner, expected[:, None].expand(18, 20))


def test_scales_find_their_like(tiny):
    """224, 384, native -> 384, 512, native: the new 512 takes the nearest, 384."""
    patches = replace(tiny.patches, longer_sides=(384, 512))
    network = MUSIQ(tiny.model)
    (note,) = initialise(network, tiny, patches, UNKNOWN)
    assert note == "scale embeddings taken over: 384 from 384, 512 from 384, native from native"
    assert np.array_equal(network.scale.detach(), tiny.weights["scale"][[1, 1, 2]])


def test_fewer_scales(tiny):
    network = MUSIQ(replace(tiny.model, scales=1))
    initialise(network, tiny, replace(tiny.patches, longer_sides=()), UNKNOWN)
    assert np.array_equal(network.scale.detach(), tiny.weights["scale"][[2]])


def test_other_embeddings_are_said(tiny):
    network = MUSIQ(replace(tiny.model, spatial="none", scale_embedding=False))
    assert initialise(network, tiny, tiny.patches, UNKNOWN) == [
        "spatial embedding left out: this network's is 'none'",
        "scale embedding left out",
    ]


def test_a_folder_changes_and_keeps_its_file(default_checkpoint):
    """Its weights are mapped, and so not to be written; the network takes another grid, range and one scale."""
    patches = PatchConfig(longer_sides=(), grid_size=5)
    before = {name: value.copy() for name, value in default_checkpoint.weights.items()}
    network = MUSIQ(replace(default_checkpoint.model, scales=1, grid_size=5))
    notes = initialise(network, default_checkpoint, patches, ScoreRange(1, 5, factor=4))
    assert len(notes) == 3
    assert all(np.array_equal(default_checkpoint.weights[name], value) for name, value in before.items())


@pytest.mark.parametrize(("ours", "theirs"), [(2, 1), (1, 2)])
def test_a_score_outlives_its_uncertainty(ours, theirs):
    model = ModelConfig(width=24, depth=1, mlp=48, outputs=theirs)
    checkpoint = Checkpoint("start", random_weights(model), model)
    network = MUSIQ(replace(model, outputs=ours))
    assert initialise(network, checkpoint, PatchConfig(), UNKNOWN) == [f"score kept from the head of {theirs} outputs"]
    assert np.array_equal(network.head.weight.detach()[0], checkpoint.weights["head.weight"][0])
    assert network.head.weight.shape == (ours, 24)


def test_the_uncertainty_is_rescaled_with_the_score():
    """From 0..100 in units of 100 to 1..5 in units of 1: four times as large, as the slope of the score is."""
    model = ModelConfig(width=24, depth=1, mlp=48, outputs=2)
    checkpoint = Checkpoint("start", random_weights(model), model, score=ScoreRange(0, 100, factor=100))
    network = MUSIQ(model)
    initialise(network, checkpoint, PatchConfig(), ScoreRange(1, 5))
    weight, bias = (torch.from_numpy(checkpoint.weights[f"head.{name}"].copy()) for name in ("weight", "bias"))
    token = torch.randn(7, 24)
    old, new = token @ weight.T + bias, network.head(token)
    torch.testing.assert_close(new[:, 0], 1 + 4 * old[:, 0])
    torch.testing.assert_close(new[:, 1].exp(), 4 * old[:, 1].exp())


def test_a_network_begins_where_it_is_told(photo):
    network = MUSIQ(ModelConfig(width=24, depth=1, mlp=48, outputs=2))
    begin_at(network, [0.5, -2.0])
    patches = patchify(photo, PatchConfig())
    with torch.no_grad():
        logits = network(*(torch.from_numpy(field) for field in (patches.pixels, patches.cell, patches.scale)))
    assert logits.tolist() == [pytest.approx([0.5, -2.0], abs=0.05)]
    assert logits.tolist() != [[0.5, -2.0]]
