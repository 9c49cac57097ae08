"""The ways to make maps that local quality is compared with, each against another way to compute it."""

import numpy as np
import pytest
import torch

from musiq.checkpoint import Checkpoint
from musiq.config import ModelConfig
from musiq.explain.gradient import gradient_times_input
from musiq.explain.maps import patch_maps
from musiq.explain.network import open_network
from musiq.explain.occlusion import occlusion
from musiq.explain.overlapping import crop_scores, overlapping, regions_alone
from musiq.patches import PatchConfig, patchify
from musiq.quality import score_tensor
from musiq.scorer import Scorer
from tests.conftest import random_weights
from tests.explain.known import bright_scorer

SMALL = np.s_[:70, :100]  # of the photo: 2 x 2, 3 x 3 and 3 x 4 patches
MODEL = {"width": 12, "depth": 2, "heads": 3, "mlp": 24, "stem": 8, "stem_groups": 4}


def as_tensors(batch):
    return [torch.from_numpy(field) for field in (batch.pixels, batch.cell, batch.scale)]


@pytest.fixture(params=[{"outputs": 1}, {"outputs": 10}, {"stem": 0}], ids=str)
def checkpoint(request):
    model = ModelConfig(**(MODEL | request.param))
    return Checkpoint("random", random_weights(model), model, PatchConfig(longer_sides=(64, 96)))


def test_occlusion_is_the_score_without_the_patch(checkpoint, photo):
    network = open_network(checkpoint)
    batch = patchify(photo[SMALL], checkpoint.patches)
    score = lambda kept: float(score_tensor(network(*as_tensors(batch.take(kept)))))  # noqa: E731
    everything = np.arange(batch.valid.shape[1])
    maps = occlusion(network, photo[SMALL], checkpoint)
    values = np.concatenate([one.values.ravel() for one in maps[:3]])
    for gone in (0, 10, len(everything) - 1):
        expected = score(everything) - score(np.delete(everything, gone))
        assert values[gone] == pytest.approx(expected, abs=1e-5)
    # in all scales: the last patch of each holds most of the last native one
    ends = np.cumsum([one.values.size for one in maps[:3]]) - 1
    without = score(np.delete(everything, ends))
    assert maps[3].values[-1, -1] == pytest.approx(score(everything) - without, abs=1e-5)


def test_gradients_are_differences_of_scores(checkpoint, photo):
    """The sum of gradient times pixel over a patch is how fast the score moves with the patch's contrast: not at all
    after the paper's stem, which normalises each patch."""
    network = open_network(checkpoint)
    pixels, cell, scale = as_tensors(patchify(photo[SMALL], checkpoint.patches))
    values = np.concatenate([one.values.ravel() for one in gradient_times_input(network, photo[SMALL], checkpoint)])
    for patch in np.argsort(-np.abs(values))[:3]:
        scores = []
        for factor in (1.01, 0.99):
            changed = pixels.clone()
            changed[:, patch] *= factor
            scores.append(float(score_tensor(network(changed, cell, scale))))
        assert values[patch] == pytest.approx((scores[0] - scores[1]) / 0.02, rel=0.05, abs=1e-4)
    assert (np.abs(values).max() > 0.01) == (checkpoint.model.stem == 0)


def test_crops_are_scored_as_photos(tiny, photo):
    maps = crop_scores(bright_scorer(tiny), photo[:200, :256])
    assert maps[2].values.shape == (3, 3)
    assert maps[2].values[2, 1] == pytest.approx(photo[72:200, 64:192].mean())
    assert maps[0].values.shape == (2, 3)  # of 224 px: 175 x 224
    top, left = int(47 / 175 * 200), int(48 / 224 * 256)
    assert maps[0].values[1, 1] == pytest.approx(photo[top:200, left : -(-176 * 256 // 224)].mean())


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (1, [(0, 1)]),
        (128, [(0, 128)]),
        (129, [(0, 128), (1, 129)]),
        (256, [(0, 128), (64, 192), (128, 256)]),
        (300, [(0, 128), (57, 185), (115, 243), (172, 300)]),
    ],
)
def test_regions_overlap_by_half(length, expected):
    assert overlapping(length, 128) == expected


def test_a_region_alone_scores_as_the_crop_does(tiny_checkpoints, photo):
    """Of a network that has the native scale alone."""
    scorer = Scorer.load(tiny_checkpoints["tiny-single"], runtime="onnx")
    (native,) = regions_alone(scorer, photo)
    tops, lefts = (0, 57, 115, 172), (0, 54, 108, 162, 215, 269, 323)
    crops = [[scorer.score(photo[top : top + 128, left : left + 128]).mos for left in lefts] for top in tops]
    np.testing.assert_allclose(native.values, crops, rtol=1e-5)


def test_crops_of_the_smallest_photo(tiny):
    assert all((one.values == 255).all() for one in crop_scores(bright_scorer(tiny), np.full((1, 1, 3), 255, np.uint8)))


def test_values_of_patches_go_to_their_scales():
    first, second = patch_maps(np.arange(5.0), (33, 64), PatchConfig(longer_sides=(32,)))
    assert first.values.tolist() == [[0]]
    assert second.values.tolist() == [[1, 2], [3, 4]]
    assert (first.longest_px, second.longest_px) == (32, 64)
