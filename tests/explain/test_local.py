import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from musiq.distortions import distort
from musiq.errors import ImageError
from musiq.explain.local import local_quality
from musiq.explain.network import open_network
from musiq.image import load_image
from musiq.patches import PatchConfig, patchify
from musiq.scorer import Scorer
from musiq.scores import OwnScale, mean_opinion
from tests.explain.known import bright_scorer, maps_of

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_values_are_what_the_network_says_of_each_tile_and_their_median_is_the_score(tiny):
    """A quarter white, the rest black: 1 and -1 by themselves; the photo's score is 63.75."""
    photo = np.zeros((256, 512, 3), np.uint8)
    photo[:128, 256:] = 255
    scorer = bright_scorer(tiny)
    native = local_quality(scorer, photo).scales[-1]
    expected = np.full((4, 8), 63.75)
    expected[:2, 4:] = 63.75 + 2
    np.testing.assert_allclose(native.values, expected)
    assert native.longest_px == 512
    assert native.worst()[:2] == (0, 0)
    assert native.worst(higher_is_better=False)[:2] == (0, 4)


def test_each_tile_is_a_photo_of_one_scale(tiny):
    scorer = bright_scorer(tiny)
    maps = local_quality(scorer, np.zeros((256, 512, 3), np.uint8))
    assert [one.values.shape for one in maps.scales] == [(2, 4), (3, 6), (4, 8)]  # 224, 384 and 512 px
    asked = scorer.runtime.asked
    assert len(asked) == 8 + 18 + 32
    assert {(len(tile), *set(tile.scale)) for tile in asked} == {(16, 0)}  # 128 px in patches of 32


@pytest.mark.parametrize(("longest", "along"), [(64, 1), (65, 2), (1024, 16), (4000, 16)])
def test_tiles_are_of_64_px_while_they_are_few(tiny, longest, along):
    photo = np.zeros((16, longest, 3), np.uint8)
    assert local_quality(bright_scorer(tiny), photo).scales[-1].values.shape == (1, along)


@pytest.mark.parametrize("name", ["tiny-multiscale", "tiny-distribution"])
def test_differences_are_the_networks(tiny_checkpoints, photo, name):
    """By torch, of the tile as `patchify` cuts it."""
    checkpoint = tiny_checkpoints[name]
    network, patches = open_network(checkpoint), PatchConfig(longer_sides=(128,), native=False)
    native = local_quality(Scorer.load(checkpoint, runtime="onnx"), photo).scales[-1]
    assert native.values.shape == (5, 8)  # 300 x 451 px
    alone = []
    for part in (np.s_[:60, :56], np.s_[120:180, 56:113], np.s_[240:, 395:]):
        batch = patchify(photo[part], patches)
        logits = network(*(torch.from_numpy(field) for field in (batch.pixels, batch.cell, batch.scale)))
        alone.append(float(mean_opinion(logits.numpy())[0]))
    found = [native.values[0, 0], native.values[2, 1], native.values[4, 7]]
    np.testing.assert_allclose(np.diff(found), np.diff(alone), rtol=1e-3, atol=1e-5)


def test_runtimes_agree(tiny, photo):
    maps = [local_quality(Scorer.load(tiny, runtime=name), photo) for name in ("onnx", "torch")]
    for first, second in zip(maps[0].scales, maps[1].scales, strict=True):
        np.testing.assert_allclose(first.values, second.values, rtol=1e-4)


def test_values_keep_the_direction_of_the_score(tiny):
    scorer = bright_scorer(tiny, higher_is_better=False)
    photo = np.zeros((64, 128, 3), np.uint8)
    photo[:, 64:] = 255
    np.testing.assert_allclose(local_quality(scorer, photo).scales[-1].values, [[126.5, 128.5]])


def test_values_are_on_the_scale_of_ones_own(tiny):
    own = OwnScale(low=1, high=5, scores=(-1.0, 1.0), values=(1.0, 5.0))
    photo = np.zeros((64, 128, 3), np.uint8)
    photo[:, 64:] = 255
    native = local_quality(bright_scorer(replace(tiny, own_scale=own)), photo).scales[-1]
    assert np.ptp(native.values) == pytest.approx(4)


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (33, 129), (2500, 3)])
@pytest.mark.parametrize("longest_px", [None, 400])
def test_any_shape(tiny, size, longest_px):
    patches = PatchConfig(padding="mirror", longest_px=longest_px)
    maps = local_quality(bright_scorer(replace(tiny, patches=patches)), np.full((*size, 3), 255, np.uint8))
    for one in maps.scales:
        np.testing.assert_allclose(one.values, 255, rtol=1e-6)
        assert one.values.shape == one.regions.shape
        assert (one.regions.rows[0, 0], one.regions.rows[-1, 1]) == (0, 1)
        assert (one.regions.columns[0, 0], one.regions.columns[-1, 1]) == (0, 1)


def test_an_image_beyond_the_limit_is_refused(tiny, photo):
    with pytest.raises(ImageError, match="pixels"):
        local_quality(Scorer.load(tiny, runtime="onnx", max_pixels=1000), photo)


@pytest.mark.parametrize(("higher", "place"), [(True, (1, 0)), (False, (0, 1))])
def test_json_says_where_the_worst_region_is(higher, place):
    maps = maps_of([[9.0]], [[50, 90], [20, 70]], higher_is_better=higher)
    data = json.loads(json.dumps(maps.as_dict(), allow_nan=False))
    assert data == maps.as_dict()
    assert (data["worst"]["row"], data["worst"]["column"]) == place
    top, left = place[0] / 2, place[1] / 2
    assert [data["worst"][side] for side in ("left", "top", "right", "bottom")] == [left, top, left + 0.5, top + 0.5]
    assert data["worst"] == data["scales"][data["shown"]]["worst"]
    assert (data["low"], data["high"], data["score"]) == (0, 100, 60)
    colours = data["scales"][1]["colour_low"], data["scales"][1]["colour_high"]
    assert colours == ((20, 60) if higher else (60, 90))  # 60 is the median
    first = data["scales"][0]
    assert (first["rows"], first["columns"], first["values"], first["longest_px"]) == (1, 1, [[9.0]], 100)
    assert data["scales"][1]["row_spans"] == [[0, 0.5], [0.5, 1]]


def test_small_differences_keep_weak_colours():
    maps, unknown = maps_of([[50, 60]]), maps_of([[7.0]], low=None, high=None)
    assert maps.colour_range(maps.scales[0]) == pytest.approx((25, 55))  # 30 of 100
    low, high = unknown.colour_range(unknown.scales[0])
    assert low < 7 == high


def test_the_default_finds_the_blurred_quarter(default_checkpoint):
    clean = load_image(EXAMPLES / "china.jpg").pixels
    spoiled = clean.copy()
    half = np.s_[clean.shape[0] // 2 :, : clean.shape[1] // 2]
    spoiled[half] = np.asarray(distort(Image.fromarray(clean), "gaussian_blur", 3, np.random.default_rng()))[half]
    scorer = Scorer.load(default_checkpoint)
    before, after = (local_quality(scorer, photo) for photo in (clean, spoiled))
    fell = before.scales[-1].values - after.scales[-1].values  # 7 x 10 tiles
    assert fell[4:, :5].mean() > fell[:3].mean() + 10
    np.testing.assert_allclose(fell[:3], fell[0, 0], atol=0.01)  # all moved by one number
    worst = after.worst
    assert (worst.left + worst.right) / 2 < 0.5 < (worst.top + worst.bottom) / 2
