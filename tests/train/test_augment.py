import numpy as np
import pytest
from PIL import Image

from musiq.distortions import FAMILIES
from musiq.patches import PatchConfig, patchify
from musiq.train.augment import FALL, SQUEEZE_FALL, Augment, thin


@pytest.fixture
def image(photo):
    return Image.fromarray(photo)


def test_the_default_only_flips(image):
    rng = np.random.default_rng(0)
    outcomes = [Augment()(image, 0.4, rng) for _ in range(20)]
    flipped = np.asarray(image)[:, ::-1]
    for (view,) in outcomes:
        assert (view.interval, view.depth) == ((0.4, 0.4), 0)
        assert np.array_equal(view.image, image) or np.array_equal(view.image, flipped)
    assert len({np.asarray(view.image).tobytes() for (view,) in outcomes}) == 2


@pytest.mark.parametrize(("kind", "widest"), [("crop", 0.13), ("resize", 0.13), ("enlarge", 0.21)])
def test_reframed_photos_have_an_interval_around_their_label(image, kind, widest):
    rng = np.random.default_rng(0)
    for _ in range(20):
        (view,) = Augment(**{kind: 1})(image, 0.6, rng)
        low, high = view.interval
        assert view.image.mode == "RGB"
        assert low <= 0.6 <= high
        assert high - low <= widest
        assert view.depth == 0


@pytest.mark.parametrize(("kind", "smallest", "largest"), [("resize", 0.4, 1), ("enlarge", 1, 2)])
def test_resizing_keeps_the_aspect_ratio(image, kind, smallest, largest):
    rng = np.random.default_rng(0)
    sizes = [Augment(**{kind: 1})(image, 1, rng)[0].image.size for _ in range(20)]
    factors = [width / image.width for width, _ in sizes]
    assert max(abs(width / height / (image.width / image.height) - 1) for width, height in sizes) < 0.02
    assert smallest - 0.02 < min(factors) < (smallest + largest) / 2 < max(factors) <= largest


def test_a_squeezed_copy_lies_deeper_the_more_it_is_squeezed():
    """On a grid of 9 x 9 squares per 288 pixels, the shape of a square shows how much the copy was squeezed."""
    cells = np.indices((288, 288)) // 32
    image = Image.fromarray(np.repeat(255 * (cells.sum(axis=0) % 2)[..., None], 3, axis=2).astype(np.uint8))
    rng, depths, shapes = np.random.default_rng(0), [], []
    for _ in range(30):
        photo, squeezed = Augment(squeeze=1)(image, 0.8, rng)
        assert photo.image.size != squeezed.image.size
        assert max(photo.image.size) == 288
        assert photo.interval == pytest.approx((0.77, 0.83))
        assert squeezed.interval == pytest.approx((0, 0.83))
        width, height = (_period(np.asarray(squeezed.image)[..., 0], axis) for axis in (1, 0))
        assert squeezed.depth == pytest.approx(SQUEEZE_FALL * 0.8 * abs(np.log2(width / height)), abs=0.04)
        depths.append(squeezed.depth)
        shapes.append(photo.image.width / photo.image.height)
    assert 0.8 * SQUEEZE_FALL * 0.8 < max(depths) <= SQUEEZE_FALL * 0.8
    assert 0.66 < min(shapes) < 0.8
    assert 1.25 < max(shapes) < 1.51


def _period(pixels, axis):
    """Mean distance of the edges along an axis."""
    line = np.moveaxis(pixels, axis, 0).astype(float)[:, 0] > 127
    edges = np.flatnonzero(np.diff(line))
    return np.diff(edges).mean()


def test_copies_lie_deeper_the_more_they_are_damaged(image):
    rng, original, depths = np.random.default_rng(0), np.asarray(image).astype(float), []
    for _ in range(30):
        photo, *copies = Augment(flip=0, degrade=1, copies=3, chain=0)(image, 0.5, rng)
        assert np.array_equal(photo.image, image)
        assert [copy.image.size for copy in copies] == [image.size] * 3
        assert {copy.interval for copy in copies} == {(0, 0.5)}
        depth = [copy.depth for copy in copies]
        assert 0 < depth[0] < depth[1] < depth[2] <= 0.5 * max(FALL.values())
        depths.append(depth[2])
        error = [np.abs(np.asarray(copy.image) - original).mean() for copy in copies]
        assert error[0] < error[2]
    assert max(depths) > 0.25


def test_a_bad_photo_can_fall_less(image):
    good, bad = (Augment(degrade=1)(image, label, np.random.default_rng(1)) for label in (0.8, 0.2))
    assert [view.depth for view in bad] == pytest.approx([view.depth / 4 for view in good])


def test_a_chain_damages_all_copies_first(image):
    alone, chained = (
        Augment(flip=0, degrade=1, chain=chain)(image, 1, np.random.default_rng(seed))
        for chain, seed in ((0, 2), (1, 2))
    )
    assert [len(views) for views in (alone, chained)] == [3, 3]
    assert np.array_equal(chained[0].image, image)
    assert not np.array_equal(chained[1].image, alone[1].image)


def test_every_family_has_a_fall():
    assert FALL.keys() == FAMILIES.keys()


def test_the_same_seed_gives_the_same_views(image):
    everything = Augment(crop=1, resize=1, enlarge=1, squeeze=1, degrade=1)
    first, second = (everything(image, 0.5, np.random.default_rng(7)) for _ in range(2))
    assert len(first) == 4
    for one, other in zip(first, second, strict=True):
        assert (one.interval, one.depth) == (other.interval, other.depth)
        np.testing.assert_array_equal(one.image, other.image)


def test_thinning_keeps_a_subset_of_each_scale(photo):
    whole = patchify(photo, PatchConfig())
    thinned = thin(whole, (5, 1000, 40), np.random.default_rng(0))
    counts = np.bincount(whole.scale[0]).tolist()
    assert np.bincount(thinned.scale[0]).tolist() == [5, counts[1], 40]
    positions = {(s, c, p.tobytes()) for s, c, p in zip(whole.scale[0], whole.cell[0], whole.pixels[0], strict=True)}
    kept = [(s, c, p.tobytes()) for s, c, p in zip(thinned.scale[0], thinned.cell[0], thinned.pixels[0], strict=True)]
    assert set(kept) <= positions
    assert len(set(kept)) == len(kept)
