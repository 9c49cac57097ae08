from dataclasses import replace

import numpy as np
import pytest

from musiq.average import average_checkpoints
from musiq.errors import CheckpointError
from musiq.patches import PatchConfig
from musiq.scorer import Scorer
from musiq.scores import ScoreRange


def shifted(checkpoint, name, by):
    return replace(
        checkpoint, name=name, weights={key: array + np.float32(by) for key, array in checkpoint.weights.items()}
    )


def test_weights_are_the_mean_by_shares(tiny):
    mean = average_checkpoints([shifted(tiny, "a", 1), shifted(tiny, "b", -2), tiny], [2, 1, 5], "mean")
    thirds = average_checkpoints([tiny, shifted(tiny, "b", 3)], [2 / 3, 1 / 3], "thirds")
    assert (mean.name, mean.model, mean.patches, mean.graphs) == ("mean", tiny.model, tiny.patches, tiny.graphs)
    for key, array in tiny.weights.items():
        assert mean.weights[key].dtype == np.float32
        np.testing.assert_allclose(mean.weights[key], array, atol=1e-6)
        np.testing.assert_allclose(thirds.weights[key], array + 1, atol=1e-5)


def test_the_mean_of_heads_gives_the_mean_score(tiny, photo):
    bias = tiny.weights["head.bias"]
    high, low = (replace(tiny, weights={**tiny.weights, "head.bias": bias + np.float32(by)}) for by in (4, -2))
    mean = average_checkpoints([high, low], [1, 1], "mean")
    scores = [Scorer.load(one).score(photo).mos for one in (tiny, mean)]
    assert scores[1] == pytest.approx(scores[0] + 1, abs=1e-4)


def test_facts_are_joined_and_figures_left_out(tiny):
    one = replace(
        tiny,
        training_data=("A", "B"),
        licence="MIT",
        accuracy={"A": {"srcc": 1.0}},
        training_images=b"image,hash\na,1\nb,2\n",
    )
    two = replace(tiny, training_data=("B", "C"), training_images=b"image,hash\nb,2\nc,3\n")
    mean = average_checkpoints([one, two, tiny], [1, 1, 1], "mean")
    assert (mean.training_data, mean.licence) == (("A", "B", "C"), "MIT and not stated")
    assert mean.training_images == b"image,hash\na,1\nb,2\nc,3\n"
    assert (dict(mean.accuracy), mean.population, mean.calibration) == ({}, None, None)


@pytest.mark.parametrize("shares", [[1], [1, 0], [1, -1], [1, float("nan")], [1, float("inf")], [1, 2, 3]])
def test_a_positive_share_for_each(tiny, shares):
    with pytest.raises(ValueError, match=r"2 checkpoints need as many positive shares, got \["):
        average_checkpoints([tiny, tiny], shares, "mean")


@pytest.mark.parametrize("other", [{"score": ScoreRange(0, 9)}, {"patches": PatchConfig(longer_sides=(224, 512))}])
def test_only_like_is_averaged_with_like(tiny, other):
    (part,) = other
    with pytest.raises(CheckpointError, match=f"mine and yours differ: .*{type(other[part]).__name__}"):
        average_checkpoints([replace(tiny, name="mine"), replace(tiny, name="yours", **other)], [1, 1], "mean")
