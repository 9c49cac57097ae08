import importlib
import sys

import numpy as np
import pytest
from PIL import Image, ImageFilter
from scipy import optimize, special, stats

from musiq.errors import MissingExtraError
from musiq.reproduce.statistics import (
    SMALLEST_SIDE_PX,
    brisque_features,
    colourfulness,
    halved,
    luma,
    moments,
    mscn,
    nss_statistics,
)


def blurred(pixels, radius):
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def noised(pixels, deviation):
    noise = np.random.default_rng(0).normal(0, deviation, pixels.shape)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


@pytest.fixture
def white_noise():
    """Luma of white noise, float64 (256, 256)."""
    return np.random.default_rng(1).normal(128, 40, (256, 256))


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


@pytest.mark.parametrize("features", [brisque_features, nss_statistics])
@pytest.mark.parametrize("shape", [(SMALLEST_SIDE_PX, SMALLEST_SIDE_PX, 3), (33, 50, 3)])
@pytest.mark.parametrize("value", [0, 255])
def test_flat_images_have_finite_features(features, shape, value):
    assert np.isfinite(features(np.full(shape, value, np.uint8))).all()


def test_the_smallest_image_holds_a_window_at_half_size():
    """In its middle the coefficients do not depend on how the border is continued; one pixel less and they do."""
    noise = np.random.default_rng(4).normal(128, 40, (SMALLEST_SIDE_PX + 20, SMALLEST_SIDE_PX + 20))

    def agree(side):
        inner = slice(10, 10 + side)
        alone, within = mscn(halved(noise[inner, inner])), mscn(halved(noise))[5:, 5:][: side // 2, : side // 2]
        return bool(np.isclose(alone, within).any())

    assert agree(SMALLEST_SIDE_PX)
    assert not agree(SMALLEST_SIDE_PX - 1)


def test_brisque_fits_both_scales_of_the_smallest_images(photo):
    """Few shapes end at 10, where OpenCV's search ends for want of values; many do in images of half this size."""
    corners = [(top, left) for top in range(0, 280, 40) for left in range(0, 430, 60)]

    def at_the_end(side):
        features = [brisque_features(photo[top : top + side, left : left + side]) for top, left in corners]
        return float(np.mean(np.array(features)[:, [0, 2, 6, 10, 14, 18, 20, 24, 28, 32]] > 9.9))

    assert at_the_end(SMALLEST_SIDE_PX) < 0.05
    assert at_the_end(SMALLEST_SIDE_PX // 2) > 0.1


@pytest.mark.parametrize("features", [brisque_features, nss_statistics])
def test_features_see_colours_in_the_order_red_green_blue(photo, features):
    """Luma weighs green most and blue least, and the coefficients of a darker image are narrower."""
    alone = [photo[..., :1] * channel for channel in np.eye(3, dtype=np.uint8)]
    red, green, blue = (features(pixels)[1] for pixels in alone)
    assert green > red > blue


@pytest.mark.parametrize("package", ["cv2", "scipy"])
def test_the_extra_is_named(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, "musiq.reproduce.statistics")
    with pytest.raises(MissingExtraError, match=r"musiq\[classical\]"):
        importlib.import_module("musiq.reproduce.statistics")


def test_opencv_without_its_contributed_modules_is_not_enough(monkeypatch):
    monkeypatch.delattr("cv2.quality")
    monkeypatch.setitem(sys.modules, "cv2.quality", None)
    monkeypatch.delitem(sys.modules, "musiq.reproduce.statistics")
    with pytest.raises(MissingExtraError, match=r"musiq\[classical\]"):
        importlib.import_module("musiq.reproduce.statistics")
