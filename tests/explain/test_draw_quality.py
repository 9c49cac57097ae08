import numpy as np
import pytest
from matplotlib.patches import Rectangle
from PIL import Image

from musiq.explain.draw_quality import draw_quality, quality_figure
from musiq.explain.draw_sensitivity import draw_sensitivity, sensitivity_figure
from musiq.explain.sensitivity import Curve
from tests.explain.known import maps_of

GREY = np.full((60, 90, 3), 128, np.uint8)
CORNER = maps_of([[50, 90]], [[10, 90], [90, 90]])


def overlay(maps, image=GREY, scale=-1):
    return panels(maps, image)[scale].images[0].get_array().astype(int)


def panels(maps, image=GREY):
    return quality_figure(image, maps, "a cat").axes


def test_the_worst_corner_is_orange_and_the_best_grey():
    pixels = overlay(CORNER)
    assert pixels.shape == (60, 90, 3)
    assert np.abs(pixels[:30, :45] - (255, 140, 0)).max() < 4
    assert np.abs(pixels[30:] - 128).max() < 4
    assert np.abs(pixels[:, 45:] - 128).max() < 4


def test_the_direction_is_the_scores():
    pixels = overlay(maps_of([[10, 90]], higher_is_better=False))
    assert np.ptp(pixels[:, :45], axis=2).max() < 4
    assert np.ptp(pixels[:, 45:], axis=2).min() > 200


def test_colours_are_as_strong_as_the_value_is_low():
    first, second, _ = overlay(maps_of([[10, 50, 90, 90, 90]]))[0, [0, 27, 89]]
    np.testing.assert_allclose(second - 128, (first - 128) / 2, atol=2)  # 50 is half way from 90 to 10


def test_the_photo_shows_through_everywhere():
    photo = np.where(np.arange(60)[:, None, None] % 10 < 5, 60, 200).astype(np.uint8).repeat(90, 1).repeat(3, 2)
    pixels = overlay(CORNER, photo).sum(axis=2)
    for corner in (np.s_[:30, :45], np.s_[30:, 45:]):
        rows = pixels[corner].mean(axis=1).reshape(3, 2, 5)
        assert (rows[:, 1, 1:-1] - rows[:, 0, 1:-1]).min() > 80


def test_large_photos_are_made_smaller():
    shapes = {panel.images[0].get_array().shape for panel in panels(CORNER, np.zeros((100, 4000, 3), np.uint8))[:3]}
    assert shapes == {(24, 960, 3)}


def test_the_worst_region_is_framed():
    frames = [patch for patch in panels(CORNER)[2].patches if isinstance(patch, Rectangle)]
    assert {(frame.get_xy(), frame.get_width(), frame.get_height()) for frame in frames} == {((0, 0), 45, 30)}


def test_titles_and_bars_have_numbers():
    photo, first, second = panels(CORNER)
    assert photo.get_title() == "a cat\nscore 60.0, good"
    assert first.get_title() == "shrunk, map 0\nframed: the worst, 50.0"
    assert second.get_title() == "as scored, map 1\nframed: the worst, 10.0"
    ticks = first.child_axes[0].get_xticklabels()
    below = 70 - 30
    assert [tick.get_text() for tick in ticks] == [f"{below:.1f} (worse)", "70.0 (as this photo's median)"]


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3)])
def test_odd_shapes_are_drawn(tmp_path, size):
    draw_quality(np.zeros((*size, 3), np.uint8), CORNER, tmp_path / "odd.jpg")
    with Image.open(tmp_path / "odd.jpg") as image:
        assert image.size[0] == 3 * 480


def test_any_name_may_be_a_caption(tmp_path):
    draw_quality(GREY, CORNER, tmp_path / "name.jpg", "\N{CAT FACE} 猫 $x^{.png")
    assert (tmp_path / "name.jpg").stat().st_size


CURVES = [
    Curve("jpeg", "JPEG quality", (100, 50, 10), (60, 55, 20), 61),
    Curve("rotate", "degrees", (-5, 0, 5, 90, 180), (60, 61, 59, 58, 57), 61),
    Curve("crop", "percent", (0, 30), (61, 61), 61),
]


def test_curves_are_drawn_by_their_values():
    jpeg, rotate, crop, *rest = sensitivity_figure(CURVES).axes
    assert [tick.get_text() for tick in jpeg.get_xticklabels()] == ["100", "50", "10"]
    assert list(jpeg.lines[1].get_ydata()) == [60, 55, 20]
    assert [list(line.get_ydata()) for line in rotate.lines[1:]] == [[60, 61, 59], [58, 57]]
    assert {panel.get_ylim() for panel in (jpeg, rotate, crop)} == {jpeg.get_ylim()}
    assert [panel.axison for panel in rest] == [False]


def test_the_chart_is_the_same_every_time(tmp_path):
    files = tmp_path / "first.svg", tmp_path / "second.svg"
    for file in files:
        draw_sensitivity(CURVES, file)
    assert "<svg" in files[0].read_text()
    assert files[0].read_bytes() == files[1].read_bytes()


def test_nothing_to_draw():
    with pytest.raises(ValueError, match="no curves"):
        sensitivity_figure([])
