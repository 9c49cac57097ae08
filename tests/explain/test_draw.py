import numpy as np
import pytest
from PIL import Image

from musiq.explain.attention import AttentionMaps
from musiq.explain.draw import attention_figure, draw_attention

GREY = np.full((64, 64, 3), 128, np.uint8)
WEAK, STRONG = 0.1, 0.5


def maps_of(*grids, sizes=((64, 64),), class_weight=0.2):
    return AttentionMaps(tuple(np.array(grid) for grid in grids), class_weight, sizes, 32)


CORNER = maps_of([[STRONG, WEAK], [WEAK, WEAK]])


def panels_of(rows):
    """The figure's panels, row after row, without their colour bars."""
    return attention_figure(rows).axes


def test_the_strong_corner_is_the_bright_one():
    overlay = panels_of([(GREY, CORNER, "")])[1].images[0].get_array().astype(int)
    assert overlay.shape == (64, 64, 3)
    light = overlay.sum(axis=2)
    assert light[:32, :32].min() > 1.5 * light[32:].max()
    assert light[:32, :32].min() > 1.5 * light[:, 32:].max()


def test_the_photo_shows_through_wherever_attention_is():
    photo = np.where(np.arange(64)[:, None, None] % 8 < 4, 60, 200).astype(np.uint8).repeat(64, 1).repeat(3, 2)
    light = panels_of([(photo, CORNER, "")])[1].images[0].get_array().astype(int).sum(axis=2)
    for corner in (np.s_[:32, :32], np.s_[32:, 32:]):
        rows = light[corner].mean(axis=1).reshape(4, 2, 4)
        assert (rows[:, 1] - rows[:, 0]).min() > 80


def test_the_grid_lies_where_patches_are_cut():
    """64 x 33 px in patches of 32: 31 px of padding, 15 above; its copy of 32 x 16 px: 16 px, 8 above."""
    maps = maps_of([[0.3]], [[0.1, 0.1], [0.2, 0.1]], sizes=((16, 32), (33, 64)))
    first, second = panels_of([(GREY[:33], maps, "")])[1:3]
    np.testing.assert_allclose(first.images[0].get_extent(), (0, 64, 24 * 33 / 16, -8 * 33 / 16))
    np.testing.assert_allclose(second.images[0].get_extent(), (0, 64, 49, -15))
    overlay = second.images[0].get_array().astype(int).sum(axis=2)
    assert overlay[14, 0] > overlay[15, 0]  # paler outside
    assert overlay[15, 0] == overlay[31, 0] == overlay[16, 63]
    assert overlay[47, 0] < overlay[48, 0]


def test_titles_name_the_scale_and_its_share():
    photo, scale = panels_of([(GREY[:33], maps_of([[0.13, 0.1]], sizes=((32, 64),), class_weight=0.77), "a cup")])[:2]
    assert photo.get_title() == "a cup\n77 % stays with the class token"
    assert scale.get_title() == "64 px: 1 x 2 patches\n23 % of the attention"


@pytest.mark.parametrize(
    ("strongest", "labels"),
    [
        (2.0, ["even share", "10.0 x"]),
        (0.5, ["0", "even share", "2.5 x"]),
        (0.22, ["0", "1.1 x"]),
        (0.2, ["0", "1.0 x"]),
        (0.04, ["0", "0.2 x"]),
        (0.0, ["0.0 x"]),
    ],
)
def test_the_bar_says_how_uneven_a_scale_is(strongest, labels):
    panel = panels_of([(GREY, maps_of([[strongest, 0], [0, 0]]), "")])[1]
    ticks = panel.child_axes[0].get_xticklabels()
    assert sorted(tick.get_text() for tick in ticks) == sorted(labels)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_file_holds_all_panels(tmp_path, suffix):
    path = tmp_path / f"attention{suffix}"
    two = maps_of([[0.2]], CORNER.maps[0], sizes=((32, 32), (64, 64)))
    draw_attention([(GREY, CORNER, "one scale"), (GREY, two, "two scales")], path)
    with Image.open(path) as image:
        assert image.size[0] == 3 * 480
        pixels = np.array(image.convert("RGB")).astype(int)
    upper, lower = np.array_split(pixels, 2)
    coloured = [np.ptp(part[:, 960:], axis=2).max() > 60 for part in (upper, lower)]
    assert coloured == [False, True]
    assert np.ptp(pixels[:, :440], axis=2).max() < 12  # the grey photo
    assert np.ptp(pixels[:, 480:960], axis=2).max() > 60


def test_only_the_patches_change_with_the_attention(tmp_path):
    other = maps_of([[WEAK, WEAK], [WEAK, STRONG]])
    files = tmp_path / "first.png", tmp_path / "second.png"
    for path, maps in zip(files, (CORNER, other), strict=True):
        draw_attention([(GREY, maps, "")], path)
    first, second = (np.array(Image.open(path).convert("L")).astype(int) for path in files)
    rows, columns = np.nonzero(first != second)
    assert columns.min() > 480
    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    assert bottom - top == pytest.approx(right - left, abs=3)
    brighter = first - second
    assert brighter[(3 * top + bottom) // 4, (3 * left + right) // 4] > 80
    assert brighter[(top + 3 * bottom) // 4, (left + 3 * right) // 4] < -80


@pytest.mark.parametrize("size", [(1, 1), (4, 640), (640, 4)])
def test_odd_shapes_are_drawn(tmp_path, size):
    shape = -(-size[0] // 32), -(-size[1] // 32)
    maps = maps_of(np.full(shape, 0.01), sizes=(size,))
    draw_attention([(np.zeros((*size, 3), np.uint8), maps, "odd")], tmp_path / "odd.png")
    with Image.open(tmp_path / "odd.png") as image:
        assert image.size[0] == 960
        assert 0.5 < image.size[0] / image.size[1] < 3.5


def test_svg_is_the_same_every_time(tmp_path):
    files = tmp_path / "first.svg", tmp_path / "second.svg"
    for path in files:
        draw_attention([(GREY, CORNER, "a cup")], path)
    assert "<svg" in files[0].read_text()
    assert files[0].read_bytes() == files[1].read_bytes()


def test_nothing_to_draw(tmp_path):
    with pytest.raises(ValueError, match="rows is empty"):
        draw_attention([], tmp_path / "none.png")
