import numpy as np
import pytest

from musiq.explain.regions import Regions, as_regions, patch_regions, tile


@pytest.mark.parametrize(
    ("size", "along", "rows", "columns"),
    [
        ((1, 1), 4, [(0, 1)], [(0, 1)]),
        ((2, 3), 16, [(0, 1), (1, 2)], [(0, 1), (1, 2), (2, 3)]),
        ((100, 200), 4, [(0, 50), (50, 100)], [(0, 50), (50, 100), (100, 150), (150, 200)]),
        ((5, 1000), 2, [(0, 5)], [(0, 500), (500, 1000)]),
        ((10, 7), 3, [(0, 3), (3, 7), (7, 10)], [(0, 4), (4, 7)]),
    ],
)
def test_tiles_by_hand(size, along, rows, columns):
    assert tile(size, along) == (rows, columns)


@pytest.mark.parametrize("along", [1, 4, 6, 16])
@pytest.mark.parametrize("size", [(1, 1), (2, 12_000), (171, 256), (683, 1024), (1087, 33), (3000, 4000)])
def test_tiles_cover_each_pixel_once(size, along):
    covered = np.zeros(size, np.int8)
    for top, bottom in (rows_and_columns := tile(size, along))[0]:
        for left, right in rows_and_columns[1]:
            covered[top:bottom, left:right] += 1
    assert (covered == 1).all()
    assert max(map(len, rows_and_columns)) == min(along, max(size))


def test_patches_lie_where_they_are_cut():
    """33 x 64 px in patches of 32: 31 px of padding, 15 above."""
    regions = patch_regions((33, 64), 32)
    np.testing.assert_allclose(regions.rows, [[0, 17 / 33], [17 / 33, 1]])
    np.testing.assert_allclose(regions.columns, [[0, 0.5], [0.5, 1]])


TWO = Regions(np.array([[0, 1.0]]), np.array([[0, 0.5], [0.25, 0.75], [0.5, 1]]))


def test_areas_by_hand():
    np.testing.assert_allclose(TWO.area, [[0.5, 0.5, 0.5]])
    np.testing.assert_allclose(TWO.overlap((0, 0, 0.5, 0.5)), [[0.25, 0.125, 0]])
    np.testing.assert_allclose(TWO.overlap((0.5, 0.9, 1, 1)), [[0, 0, 0.05]])
    assert TWO.box(0, 1) == (0, 0.25, 1, 0.75)


def test_a_point_has_the_mean_of_the_regions_that_hold_it():
    spread = TWO.spread(np.array([[1.0, 3.0, 7.0]]), (2, 4))
    np.testing.assert_allclose(spread, [[1, 2, 5, 7]] * 2)


def test_spread_keeps_what_is_the_same_everywhere():
    regions = as_regions(*tile((171, 256), 4), (171, 256))
    np.testing.assert_allclose(regions.spread(np.full(regions.shape, 4.0), (61, 97)), 4)


def test_fractions_are_of_the_scale():
    regions = as_regions([(0, 10), (5, 20)], [(1, 3)], (20, 4))
    np.testing.assert_allclose(regions.rows, [[0, 0.5], [0.25, 1]])
    np.testing.assert_allclose(regions.columns, [[0.25, 0.75]])
