import numpy as np
import pytest
from PIL import Image

from musiq.patches import PatchConfig, patchify
from musiq.train.augment import DEGRADATIONS, Augment, thin


@pytest.fixture
def image(photo):
    return Image.fromarray(photo)


def test_the_default_only_flips(image):
    rng = np.random.default_rng(0)
    outcomes = [Augment()(image, 0.4, rng) for _ in range(20)]
    flipped = np.asarray(image)[:, ::-1]
    for changed, interval in outcomes:
        assert interval == (0.4, 0.4)
        assert np.array_equal(changed, image) or np.array_equal(changed, flipped)
    assert len({np.asarray(changed).tobytes() for changed, _ in outcomes}) == 2


@pytest.mark.parametrize("kind", ["crop", "resize", "squeeze", "degrade"])
def test_changed_images_have_an_interval(image, kind):
    rng = np.random.default_rng(0)
    for _ in range(20):
        changed, (low, high) = Augment(**{kind: 1})(image, 0.6, rng)
        assert changed.mode == "RGB"
        assert low <= high
        assert low <= 0.6
        if kind in ("squeeze", "degrade"):
            assert high <= 0.6
        else:
            assert high >= 0.6


def test_resize_keeps_and_squeeze_changes_the_aspect_ratio(image):
    rng = np.random.default_rng(0)
    ratio = image.width / image.height
    resized = [Augment(resize=1)(image, 1, rng)[0] for _ in range(10)]
    squeezed = [Augment(squeeze=1)(image, 1, rng)[0] for _ in range(10)]
    assert max(abs(r.width / r.height / ratio - 1) for r in resized) < 0.02
    assert max(abs(np.log2(s.width / s.height / ratio)) for s in squeezed) > 0.3
    assert all(r.width <= image.width for r in resized + squeezed)


@pytest.mark.parametrize("degrade", DEGRADATIONS, ids=lambda function: function.__name__)
def test_more_severity_moves_pixels_further(image, degrade):
    original = np.asarray(image).astype(float)
    errors = []
    for severity in (0.1, 0.5, 1.0):
        changed = degrade(image, severity, np.random.default_rng(3))
        assert changed.size == image.size
        errors.append(np.mean((np.asarray(changed) - original) ** 2))
    assert 0 < errors[0] < errors[1] < errors[2]


def test_the_same_seed_gives_the_same_image(image):
    everything = Augment(crop=1, resize=1, squeeze=1, degrade=1)
    first, second = (everything(image, 0.5, np.random.default_rng(7)) for _ in range(2))
    assert first[1] == second[1]
    np.testing.assert_array_equal(first[0], second[0])


def test_thinning_keeps_a_subset_of_each_scale(photo):
    whole = patchify(photo, PatchConfig())
    thinned = thin(whole, (5, 1000, 40), np.random.default_rng(0))
    counts = np.bincount(whole.scale[0]).tolist()
    assert np.bincount(thinned.scale[0]).tolist() == [5, counts[1], 40]
    positions = {(s, c, p.tobytes()) for s, c, p in zip(whole.scale[0], whole.cell[0], whole.pixels[0], strict=True)}
    kept = [(s, c, p.tobytes()) for s, c, p in zip(thinned.scale[0], thinned.cell[0], thinned.pixels[0], strict=True)]
    assert set(kept) <= positions
    assert len(set(kept)) == len(kept)
