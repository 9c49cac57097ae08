import importlib
import io
import os
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter
from scipy import optimize, special, stats
from sklearn.model_selection import GroupKFold

from musiq.data.record import Record
from musiq.errors import DataError, MissingExtraError
from musiq.reproduce import classical
from musiq.reproduce.classical import (
    METHODS,
    brisque_features,
    classical_scores,
    colourfulness,
    halved,
    image_features,
    luma,
    moments,
    mscn,
    nss_statistics,
    piqe,
    tuned,
)

TAUGHT = [name for name, method in METHODS.items() if method.regressor is not None]


def blurred(pixels, radius):
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def noised(pixels, deviation, seed=0):
    noise = np.random.default_rng(seed).normal(0, deviation, pixels.shape)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def compressed(pixels, quality):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


@pytest.fixture
def white_noise():
    """Luma of white noise, float64 (256, 256)."""
    return np.random.default_rng(1).normal(128, 40, (256, 256))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, reference_image):
    """48 crops of a photo, blurred or noised ever more, with records: the mos falls from 90 to 10."""
    images, photo = tmp_path_factory.mktemp("damaged"), reference_image("chelsea_300x451")
    rng = np.random.default_rng(0)
    records = []
    for index in range(48):
        top, left = rng.integers(0, (300 - 120, 451 - 160))
        crop = photo[top : top + 120, left : left + 160]
        worse = blurred(crop, index / 12) if index % 2 else noised(crop, index, index)
        path = images / f"{index:02d}.png"
        Image.fromarray(worse).save(path)
        records.append(Record(path, path.name, 90 - 80 * index / 47))
    return records


@pytest.fixture
def counted(monkeypatch):
    """Names of the records whose pixels were asked for."""
    asked = []
    pixels = Record.pixels
    monkeypatch.setattr(Record, "pixels", lambda record: asked.append(record.name) or pixels(record))
    return asked


def window_weights():
    """A Gaussian of deviation 7/6 in a 7 x 7 window, of sum 1."""
    offsets = np.arange(-3, 4)
    weights = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * (7 / 6) ** 2))
    return weights / weights.sum()


def middle_coefficients(windows):
    """MSCN coefficients of the middles of 7 x 7 windows `(N, 7, 7)`, by sums."""
    mean = (window_weights() * windows).sum(axis=(1, 2))
    variance = (window_weights() * (windows - mean[:, None, None]) ** 2).sum(axis=(1, 2))
    return (windows[:, 3, 3] - mean) / (np.sqrt(variance) + 1)


def test_mscn_by_sums(white_noise):
    windows = np.lib.stride_tricks.sliding_window_view(white_noise[:40, :40], (7, 7)).reshape(-1, 7, 7)
    assert mscn(white_noise)[3:37, 3:37].ravel() == pytest.approx(middle_coefficients(windows), abs=1e-9)


def test_mscn_of_white_noise(white_noise):
    """Moments as those of independent windows of noise: symmetric, and flatter than a Gaussian."""
    windows = np.random.default_rng(9).normal(128, 40, (20_000, 7, 7))
    coefficients, expected = mscn(white_noise), middle_coefficients(windows)
    assert moments(coefficients)[:3] == pytest.approx((0, expected.std(), 0), abs=0.02)
    assert moments(coefficients)[3] == pytest.approx(stats.kurtosis(expected), abs=0.05)
    assert stats.kurtosis(expected) < -0.5


def test_moments_equal_scipy():
    values = np.random.default_rng(2).gamma(2, size=5000)
    expected = [values.mean(), values.std(), stats.skew(values), stats.kurtosis(values)]
    assert moments(values) == pytest.approx(expected, rel=1e-9)
    assert moments(np.full(9, 3.0)) == (3, 0, 0, 0)


def test_half_size_by_hand():
    assert halved(np.arange(15.0).reshape(3, 5)).tolist() == [[3, 5]]


def test_colourfulness_by_hand():
    """Red beside blue: red - green is 255 and 0, yellow - blue is 127.5 and -255."""
    pixels = np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8)
    expected = np.hypot(127.5, 191.25) + 0.3 * np.hypot(127.5, -63.75)
    assert colourfulness(pixels) == pytest.approx(expected)
    assert colourfulness(np.full((4, 4, 3), 80, np.uint8)) == 0


def test_statistics_move_with_damage(photo):
    plain, soft, rough = map(nss_statistics, (photo, blurred(photo, 2), noised(photo, 20)))
    assert plain.shape == (12,)
    assert plain[8] == pytest.approx(np.mean(photo @ [0.299, 0.587, 0.114]), abs=0.5)
    assert soft[11] < plain[11] < rough[11]  # sharpness
    assert soft[1] < plain[1] < rough[1]  # deviation of the MSCN coefficients


def test_brisque_shape_is_that_of_the_coefficients(photo):
    """The first feature is the shape a at which E|x|² / E[x²] of a generalised Gaussian is that of the coefficients."""
    x = mscn(luma(photo))
    ratio = np.abs(x).mean() ** 2 / (x**2).mean()
    shape = optimize.brentq(
        lambda a: special.gamma(2 / a) ** 2 / (special.gamma(1 / a) * special.gamma(3 / a)) - ratio, 0.2, 10
    )
    assert brisque_features(photo)[0] == pytest.approx(shape, rel=0.05)


def test_brisque_moves_as_its_paper_says(photo):
    """Fig. 2 there: noise makes the coefficients wider and more Gaussian, blur makes them narrower."""
    plain, soft, rough = map(brisque_features, (photo, blurred(photo, 2), noised(photo, 20)))
    assert plain.shape == (36,)
    assert plain[0] < rough[0] <= 3
    assert soft[1] < plain[1] < rough[1]


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
@pytest.mark.parametrize("pixels", [np.zeros((16, 16, 3), np.uint8), np.full((33, 50, 3), 255, np.uint8)])
def test_flat_images_have_finite_features(method, pixels):
    assert np.isfinite(method.features(pixels)).all()


def test_piqe_of_flat_and_of_noisy_blocks():
    """No block with structure: 100. White noise: all blocks noisy, so the mean variance of the coefficients."""
    assert piqe(np.full((64, 64, 3), 9, np.uint8)) == 100
    grey = np.random.default_rng(3).integers(0, 256, (160, 160, 1), np.uint8)
    blocks = mscn(grey[..., 0].astype(float)).reshape(10, 16, 10, 16)
    expected = 100 * (blocks.var(axis=(1, 3), ddof=1).sum() + 1) / 101
    assert piqe(np.repeat(grey, 3, axis=2)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("damage", "theirs"),
    [
        (lambda pixels: pixels.copy(), 33.43670996964121),
        (lambda pixels: blurred(pixels, 2).copy(), 89.83848363829722),
        (lambda pixels: noised(pixels, 20), 54.91663028887511),
    ],
)
def test_piqe_equals_another_implementation(photo, damage, theirs):
    """pypiqe 1.2, whose block surround lacks a wrong column, on a grey photo that spans 0 to 255 as it wants it."""
    grey = luma(photo[:288, :448])
    stretched = np.rint((grey - grey.min()) * (255 / np.ptp(grey))).astype(np.uint8)
    pixels = damage(np.repeat(stretched[..., None], 3, axis=2))
    pixels[0, 0] = 255
    assert piqe(pixels) == pytest.approx(theirs, abs=0.6)


def test_piqe_rises_with_damage(photo):
    for damage in (lambda level: blurred(photo, level), lambda level: compressed(photo, 70 - 20 * level)):
        assert piqe(photo) < piqe(damage(1)) < piqe(damage(3))


@pytest.mark.parametrize("method", TAUGHT)
def test_a_regressor_recovers_the_order_of_damage(folder, method):
    train, test = [r for i, r in enumerate(folder) if i % 4 < 2], [r for i, r in enumerate(folder) if i % 4 > 1]
    predicted = classical_scores(method, train, test, seed=0)
    rated = [record.mos for record in test]
    assert predicted.shape == (24,)
    assert stats.spearmanr(predicted, rated)[0] > 0.8
    assert np.abs(predicted - rated).mean() < 15
    assert np.array_equal(predicted, classical_scores(method, train, test, seed=0))


@pytest.mark.parametrize("method", TAUGHT)
def test_predictions_follow_the_units_of_the_mos(folder, method):
    """A set rated 0 to 1 gives the same predictions as one rated 0 to 100."""
    smaller = [replace(record, mos=record.mos / 100) for record in folder]
    large = classical_scores(method, folder[::2], folder[1::2], seed=0)
    assert classical_scores(method, smaller[::2], smaller[1::2], seed=0) * 100 == pytest.approx(large, rel=1e-3)


def test_piqe_needs_no_training_and_higher_is_better(folder, photo, tmp_path):
    Image.fromarray(photo).save(tmp_path / "photo.png")
    Image.fromarray(blurred(photo, 3)).save(tmp_path / "soft.png")
    scores = classical_scores("PIQE", [], [Record(tmp_path / name, name) for name in ("photo.png", "soft.png")], seed=0)
    assert scores[0] > scores[1]
    assert scores[0] == -piqe(photo)


@pytest.mark.parametrize("method", METHODS)
def test_no_test_images(folder, method):
    assert classical_scores(method, folder, [], seed=0).shape == (0,)


def test_groups_stay_together_when_settings_are_chosen(monkeypatch):
    folds = []

    def split(self, *given, **named):
        folds.append([*GroupKFold.split(self, *given, **named)])
        return iter(folds[-1])

    monkeypatch.setattr(classical, "GroupKFold", type("Watched", (GroupKFold,), {"split": split}))
    groups = np.repeat(np.arange(6), 10)
    features = np.random.default_rng(0).normal(size=(60, 4))
    method = METHODS["NSS statistics + ridge"]
    chosen = tuned(method.regressor(), method.candidates, features, features[:, 0], groups, seed=0)
    assert chosen.get_params()["regressor__ridge__alpha"] == 1  # no noise: least shrinkage
    assert len(folds) == 1
    drawn = groups[np.random.default_rng(0).permutation(60)]
    for train, held_out in folds[0]:
        assert not set(drawn[train]) & set(drawn[held_out])


def test_few_images_are_tuned_on(monkeypatch, folder):
    monkeypatch.setattr(classical, "TUNING_IMAGES", 12)
    assert np.isfinite(classical_scores("BRISQUE features + SVR", folder[::2], folder[1::2], seed=0)).all()


@pytest.mark.parametrize("method", METHODS)
def test_kept_features_are_not_computed_again(folder, tmp_path, counted, method):
    first = classical_scores(method, folder[::2], folder[1::2], seed=0, cache=tmp_path / "a" / "cache")
    assert len(counted) == (48 if method in TAUGHT else 24)
    counted.clear()
    assert np.array_equal(classical_scores(method, folder[::2], folder[1::2], 0, tmp_path / "a" / "cache"), first)
    assert counted == []
    assert [path.name for path in (tmp_path / "a" / "cache").iterdir()] == [f"{METHODS[method].file}.npz"]


def test_a_changed_image_is_computed_again(folder, tmp_path, counted):
    image_features("PIQE", folder[:4], tmp_path / "cache")
    os.utime(folder[1].image, (time.time() + 9, time.time() + 9))
    smaller = replace(folder[2], shorter_side_px=60)
    counted.clear()
    image_features("PIQE", [*folder[:2], smaller, folder[3]], tmp_path / "cache")
    assert sorted(counted) == ["01.png", "02.png"]


def test_a_stopped_run_goes_on(folder, tmp_path, counted):
    broken = folder[20].image
    content = broken.read_bytes()
    broken.write_bytes(content[:50])
    with pytest.raises(DataError, match="20.png"):
        image_features("PIQE", folder, tmp_path / "cache")
    broken.write_bytes(content)
    counted.clear()
    features = image_features("PIQE", folder, tmp_path / "cache")
    assert sorted(counted) == [record.name for record in folder[20:]]
    assert np.array_equal(features, image_features("PIQE", folder))


def test_features_are_saved_on_the_way(folder, tmp_path, monkeypatch):
    sizes = []
    monkeypatch.setattr(classical, "SAVE_EVERY_S", 0)
    monkeypatch.setattr(classical, "_write", lambda path, known: sizes.append(len(known)))
    image_features("PIQE", folder[:3], tmp_path)
    assert sizes == [1, 2, 3, 3]


def test_a_damaged_cache_is_named(folder, tmp_path):
    for content in (b"", b"PK no archive", b"text"):
        (tmp_path / "piqe-1.npz").write_bytes(content)
        with pytest.raises(DataError, match=r"piqe-1\.npz.*delete the file"):
            image_features("PIQE", folder, tmp_path)


def test_images_that_cannot_be_used_are_named(tmp_path):
    (tmp_path / "text.png").write_text("no image")
    Image.new("RGB", (40, 15)).save(tmp_path / "small.png")
    for name, reason in (("text.png", "not an image"), ("none.png", "cannot be read"), ("small.png", "15 x 40 pixels")):
        with pytest.raises(DataError, match=rf"{name}: .*{reason}"):
            classical_scores("PIQE", [], [Record(tmp_path / name, name)], seed=0)


def test_training_needs_ratings_and_groups(folder):
    unrated = [*folder[:5], replace(folder[5], mos=np.nan)]
    with pytest.raises(DataError, match=r"05\.png: a training image needs a mos; 1 have none"):
        classical_scores(TAUGHT[0], unrated, folder, seed=0)
    with pytest.raises(DataError, match="3 groups or more, got 1"):
        classical_scores(TAUGHT[0], [replace(record, group="one") for record in folder], folder, seed=0)


@pytest.mark.parametrize("package", ["cv2", "sklearn.svm"])
def test_the_extra_is_named(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, "musiq.reproduce.classical")
    with pytest.raises(MissingExtraError, match=r"musiq\[classical\]"):
        importlib.import_module("musiq.reproduce.classical")
