"""Single distortions against what they are by definition."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from musiq.distortions import artefacts, blur, colour, compression, light, noise, scaling
from musiq.distortions.blur import _disc, _move

RNG = np.random.default_rng(5)


def flat(value: int | tuple[int, int, int], side: int = 256) -> Image.Image:
    return Image.new("RGB", (side, side), (value,) * 3 if isinstance(value, int) else value)


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image, np.float64)


def test_a_point_out_of_focus_is_a_disc():
    point = np.zeros((21, 21, 3), np.float32)
    point[10, 10] = 1
    down, right = np.mgrid[-10:11, -10:11]
    disc = (np.hypot(down, right) <= 4.5).astype(np.float64)
    np.testing.assert_allclose(_disc(point, 4.5)[..., 0], disc / disc.sum(), atol=1e-7)


def test_the_disc_at_the_borders_is_scipys():
    image = RNG.random((15, 23, 3)).astype(np.float32)
    down, right = np.mgrid[-3:4, -3:4]
    disc = (np.hypot(down, right) <= 3.2).astype(np.float64)
    expected = ndimage.convolve(image.astype(np.float64), (disc / disc.sum())[..., None], mode="nearest")
    np.testing.assert_allclose(_disc(image, 3.2), expected, atol=1e-6)


@pytest.mark.parametrize(("angle", "line"), [(0, np.s_[10, 8:13]), (np.pi / 2, np.s_[8:13, 10])])
def test_a_moved_point_is_a_line(angle, line):
    point = np.zeros((21, 21, 3), np.float32)
    point[10, 10] = 1
    expected = np.zeros((21, 21))
    expected[line] = 0.2
    np.testing.assert_allclose(_move(point, 5, angle)[..., 0], expected, atol=1e-7)


def test_gaussian_blur_has_its_sigma():
    edge = np.zeros((9, 200, 3), np.uint8)
    edge[:, 100:] = 255
    slope = np.diff(pixels(blur.gaussian_blur(Image.fromarray(edge), 1, RNG))[4, :, 0])
    position = np.arange(slope.size)
    centre = (slope * position).sum() / slope.sum()
    sigma = np.sqrt((slope * (position - centre) ** 2).sum() / slope.sum())
    assert sigma == pytest.approx(6, rel=0.05)


@pytest.mark.parametrize(("severity", "sigma"), [(0, 6), (1, 60)])
def test_gaussian_noise_has_its_sigma(severity, sigma):
    grain = pixels(noise.gaussian_noise(flat(128), severity, RNG))
    assert grain.std() == pytest.approx(sigma, rel=0.06)  # a little is clipped at 60
    assert grain.mean() == pytest.approx(128, abs=0.5)


def test_shot_noise_grows_with_the_root_of_the_light():
    dark, bright = (pixels(noise.shot_noise(flat(value), 0, RNG)).std() for value in (32, 128))
    assert bright / dark == pytest.approx(2, rel=0.03)
    assert dark == pytest.approx(np.sqrt(32 * 255 / 300), rel=0.03)


def test_impulses_are_black_and_white_alike():
    grain = pixels(noise.impulse_noise(flat(128), 1, RNG))
    assert (grain == 255).mean() == pytest.approx(0.06, abs=0.005)
    assert (grain == 0).mean() == pytest.approx(0.06, abs=0.005)
    assert set(np.unique(grain)) == {0, 128, 255}


def test_chroma_noise_leaves_the_brightness():
    grain = pixels(noise.chroma_noise(flat(128), 0.5, RNG))
    assert grain.mean(2).std() < 0.5
    assert grain.std() > 5


def test_row_noise_is_alike_along_each_row():
    grain = pixels(noise.row_noise(flat(128), 0.5, RNG))
    assert grain.std(1).max() == 0
    assert grain[:, 0, 0].std() == pytest.approx(np.sqrt(3 * 28), rel=0.15)


def test_exposure_counts_stops_of_light():
    two_stops = np.log(2 / 0.7) / np.log(3.5 / 0.7)
    shown = pixels(light.overexposure(flat(60), two_stops, RNG))
    assert (shown.mean() / 60) ** 2.2 == pytest.approx(4, rel=0.02)
    assert (pixels(light.underexposure(flat(200), 0, RNG)).mean() / 200) ** 2.2 == pytest.approx(0.5, rel=0.02)


def test_contrast_shrinks_about_the_mean():
    ramp = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 256, 3)
    shown = pixels(light.contrast_loss(Image.fromarray(ramp), 1, RNG))
    assert shown.mean() == pytest.approx(127.5, abs=0.5)
    assert shown.std() / ramp.std() == pytest.approx(0.12, rel=0.03)


def test_colours():
    orange = flat((200, 120, 40))
    assert pixels(colour.saturation_loss(orange, 1, RNG)).std() == 0
    grey = pixels(colour.saturation_loss(orange, 1, RNG))[0, 0, 0]
    assert grey == pytest.approx(np.asarray(orange.convert("L"))[0, 0], abs=1)
    turned = colour.colour_cast(flat(100), 0.5, RNG)
    assert np.asarray(turned.convert("L"))[0, 0] == pytest.approx(100, abs=1)
    assert np.ptp(np.asarray(turned)[0, 0]) > 20
    ramp = Image.fromarray(np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 256, 3))
    assert len(np.unique(pixels(colour.quantisation(ramp, 1, RNG)))) == 3
    assert len(np.unique(pixels(colour.quantisation(ramp, 0, RNG)))) == 20


def test_ringing_cuts_the_high_frequencies_only():
    wave = np.arange(256)
    low, high = (128 + 50 * np.sin(2 * np.pi * cycles * wave) for cycles in (1 / 32, 1 / 3))
    for signal, kept in ((low, True), (high, False)):
        image = Image.fromarray(np.repeat(np.tile(signal, (64, 1))[..., None], 3, 2).astype(np.uint8))
        inner = pixels(artefacts.ringing(image, 0.5, RNG))[:, 40:-40]
        assert (inner.std() > 30) == kept


def test_blocks_are_lost_by_share():
    grey = pixels(artefacts.block_loss(flat(0, 320), 1, RNG)) == 128
    assert grey.mean() == pytest.approx(0.2)
    assert len(np.unique(grey.reshape(20, 16, 20, 16, 3).sum((1, 3, 4)))) == 2  # whole blocks


def test_pixelation_makes_squares():
    image = Image.fromarray(RNG.integers(0, 256, (64, 64, 3), np.uint8))
    squares = pixels(scaling.pixelation(image, 1, RNG)).reshape(8, 8, 8, 8, 3)
    assert np.ptp(squares, axis=(1, 3)).max() == 0
    np.testing.assert_allclose(
        squares[:, 0, :, 0], pixels(image).reshape(8, 8, 8, 8, 3).mean((1, 3)), atol=1.01
    )  # Pillow rounds after each axis


def test_optional_codecs_are_those_that_pillow_has():
    from PIL import features

    names = [kind.__name__ for kind in compression.OPTIONAL]
    assert ("avif" in names, "jpeg2000" in names) == (features.check("avif"), features.check("jpg_2000"))
