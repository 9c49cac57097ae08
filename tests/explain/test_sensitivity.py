import io
import math

import numpy as np
import pytest
from PIL import Image

from musiq.explain.sensitivity import CHANGES, Curve, compress, crop, largest_inside, resize, rotate, sensitivity
from tests.explain.known import bright_scorer

RNG = np.random.default_rng(0)
PHOTO = Image.fromarray(RNG.integers(0, 256, (40, 60, 3), np.uint8))


@pytest.mark.parametrize(("percent", "box"), [(0, (0, 0, 60, 40)), (10, (3, 2, 57, 38)), (30, (9, 6, 51, 34))])
def test_borders_are_cut_off(percent, box):
    assert np.array_equal(crop(PHOTO, percent), PHOTO.crop(box))


@pytest.mark.parametrize(("factor", "size"), [(1, (60, 40)), (0.75, (45, 30)), (0.25, (15, 10))])
def test_sizes(factor, size):
    expected = PHOTO if factor == 1 else PHOTO.resize(size, Image.Resampling.LANCZOS)
    assert np.array_equal(resize(PHOTO, factor), expected)


def test_jpeg_is_pillows():
    file = io.BytesIO()
    PHOTO.save(file, "JPEG", quality=30)
    assert np.array_equal(compress(PHOTO, 30), Image.open(file).convert("RGB"))


@pytest.mark.parametrize(("degrees", "turns"), [(0, 0), (90, 1), (180, 2), (270, 3)])
def test_quarter_turns_lose_nothing(degrees, turns):
    assert np.array_equal(rotate(PHOTO, degrees), np.rot90(np.asarray(PHOTO), turns))


@pytest.mark.parametrize("degrees", [-10, -5, -2, 2, 5, 10, 44, 45])
@pytest.mark.parametrize("size", [(60, 40), (40, 60), (300, 7)])
def test_no_corner_of_a_turned_photo_is_filled(degrees, size):
    turned = np.asarray(rotate(Image.new("RGB", size, "white"), degrees))
    assert turned.min() == 255


def test_a_turned_photo_is_turned_about_its_middle():
    photo = Image.new("L", (81, 81))
    photo.paste(255, (60, 38, 64, 43))  # right of the middle, at 22 px
    turned = np.asarray(rotate(photo.convert("RGB"), 10))[..., 0].astype(float)
    rows, columns = np.indices(turned.shape)
    up = (turned.shape[0] - 1) / 2 - (rows * turned).sum() / turned.sum()
    right = (columns * turned).sum() / turned.sum() - (turned.shape[1] - 1) / 2
    assert math.degrees(math.atan2(up, right)) == pytest.approx(10, abs=2)
    assert math.hypot(up, right) == pytest.approx(21.5, abs=1)


@pytest.mark.parametrize(
    ("size", "degrees", "expected"),
    [
        ((100, 50), 0, (100, 50)),
        ((100, 100), 30, (73.205, 73.205)),  # 100 / (sin + cos)
        ((1, 1), 45, (2**-0.5, 2**-0.5)),
        ((100, 10), 30, (10, 5.7735)),  # two corners on the long sides: 5 / sin, 5 / cos
        ((10, 100), -30, (5.7735, 10)),
    ],
)
def test_the_largest_rectangle_by_hand(size, degrees, expected):
    assert largest_inside(*size, degrees) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("size", [(60, 40), (40, 60), (100, 9), (50, 50)])
@pytest.mark.parametrize("degrees", [2, 10, 33, 70])
def test_no_larger_rectangle_fits(size, degrees):
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))

    def fits(width, height):
        corners = [(x * width / 2, y * height / 2) for x in (-1, 1) for y in (-1, 1)]
        back = [(x * cosine + y * sine, y * cosine - x * sine) for x, y in corners]
        return all(abs(x) <= size[0] / 2 + 1e-9 and abs(y) <= size[1] / 2 + 1e-9 for x, y in back)

    width, height = largest_inside(*size, degrees)
    assert fits(width, height)
    sides = np.linspace(1, max(size), 100)
    assert max(w * h for w in sides for h in sides if fits(w, h)) <= width * height + 1e-9


def test_curves_are_scores_of_the_changed_photo(tiny):
    scorer = bright_scorer(tiny)
    curves = sensitivity(scorer, np.asarray(PHOTO))
    assert [curve.change for curve in curves] == list(CHANGES)
    for curve in curves:
        change = CHANGES[curve.change]
        expected = [np.asarray(change.make(PHOTO, value)).mean() for value in change.values]
        assert curve.scores == pytest.approx(expected)
        assert curve.values == change.values
        assert curve.unchanged == pytest.approx(np.asarray(PHOTO).mean())
    assert Curve(**curves[0].as_dict()) == curves[0]


def test_only_what_is_asked_for(tiny):
    assert [curve.change for curve in sensitivity(bright_scorer(tiny), np.asarray(PHOTO), ["jpeg"])] == ["jpeg"]


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (200, 2)])
def test_the_smallest_photos_keep_a_pixel(tiny, size):
    curves = sensitivity(bright_scorer(tiny), np.full((*size, 3), 255, np.uint8))
    assert all(score == pytest.approx(255, abs=2) for curve in curves for score in curve.scores)


def test_the_largest_move():
    assert Curve("crop", "", (0, 5, 10), (50, 53, 46), 50).largest() == (10, -4)
