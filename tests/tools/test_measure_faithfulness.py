import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest

from musiq.distortions import distort
from musiq.explain.maps import ScaleMap
from tests.explain.known import even_regions
from tools.measure_faithfulness import difference, draw_box, measure, spoil, table, wilson


def a_map(values):
    values = np.array(values, np.float64)
    return ScaleMap(values, even_regions(*values.shape), 100, "")


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((0, 0, 0.5, 0.5), (20 + 30 + 40) / 3 - 10),
        ((0, 0, 0.5, 1), 35 - 15),
        ((0, 0.25, 1, 0.75), 0),
        ((0, 0, 0.5, 0.75), (20 / 2 + 30 + 40) / 2.5 - (10 + 20 / 2) / 1.5),
    ],
)
def test_means_weigh_regions_by_their_area(box, expected):
    assert difference(a_map([[10, 20], [30, 40]]), box) == pytest.approx(expected)


def test_boxes_are_a_sixteenth_to_a_quarter_of_the_photo():
    rng = np.random.default_rng(0)
    boxes = np.array([draw_box(rng, (1000, 700)) for _ in range(500)])
    top, left, bottom, right = boxes.T
    areas = (bottom - top) * (right - left)
    assert 1 / 16 - 0.002 < areas.min() < 0.08
    assert 0.23 < areas.max() < 1 / 4 + 0.002
    assert boxes.min() >= 0
    assert boxes.max() <= 1
    assert min(top.max(), left.max()) > 0.5
    np.testing.assert_allclose(boxes[:, ::2] * 1000, np.rint(boxes[:, ::2] * 1000), atol=1e-6)


def test_only_the_box_is_spoiled(photo):
    spoiled = spoil(photo, (100 / 300, 0, 200 / 300, 51 / 451), "gaussian_blur", np.random.default_rng(0))
    inside = np.s_[100:200, :51]
    blurred = np.asarray(distort(Image.fromarray(photo), "gaussian_blur", 3, np.random.default_rng(0)))
    assert np.array_equal(spoiled[inside], blurred[inside])
    spoiled[inside] = photo[inside]
    assert np.array_equal(spoiled, photo)
    assert spoil(photo, (0, 0, 1, 1), "", np.random.default_rng(0)) is photo


@pytest.mark.parametrize(("right", "of"), [(0, 12), (108, 120), (120, 120)])
def test_intervals_are_scipys(right, of):
    expected = binomtest(right, of).proportion_ci(0.95, "wilson")
    assert wilson(right, of) == pytest.approx((expected.low, expected.high), abs=1e-6)


@pytest.fixture
def counted(photo, tmp_path):
    """Two methods: one sees how far pixels lie from the photo's, the other is the same everywhere."""
    Image.fromarray(photo).save(tmp_path / "photo.png")

    def change(spoiled):
        moved = np.abs(spoiled.astype(float) - photo).sum(axis=2)
        return [a_map(-moved[:300, :450].reshape(10, 30, 15, 30).mean(axis=(1, 3)))]

    methods = {"local quality": change, "attention, rollout": lambda spoiled: [a_map([[1]]), *change(-spoiled)]}
    return measure(methods, [str(tmp_path / "photo.png")], 6, 0, ["one", "two"])


def test_what_is_spoiled_is_found(counted):
    tally = counted["local quality", "one"]
    assert [tally.right(kind) for kind in ("clean", "blur", "noise", "JPEG")] == [0, 6, 6, 6]
    assert len(tally.seconds) == 24
    even = counted["attention, rollout", "one"]
    assert (even.right("blur"), even.right("blur", -1)) == (0, 0)  # a draw is not right


def test_the_table(counted):
    lines = table(counted).splitlines()
    assert lines[0] == "| method | map | clean | blur | noise | JPEG | s a photo |"
    assert lines[2].startswith("| local quality | one | 0 % (0 to 39) | 100 % (61 to 100) | 100 % (61 to 100) |")
    assert len(lines) == 5
    assert lines[3].startswith("| attention, rollout (less is worse) | one | 0 % (0 to 39) |")
