import numpy as np
import pytest

from musiq.patches import to_unit_range
from musiq.resize import gaussian_resize, gaussian_taps, preserved_size
from tests.conftest import REFERENCE

RESIZES = np.load(REFERENCE / "resize.npz")
CASES = [name.rsplit("|", 1)[0] for name in RESIZES.files if name.endswith("every7th")]


@pytest.mark.parametrize("case", CASES)
def test_equals_the_reference(case, reference_image):
    image, longer_side = case.split("|")
    pixels = to_unit_range(reference_image(image))
    size = preserved_size(*pixels.shape[1:], int(longer_side))
    resized = gaussian_resize(pixels, size).transpose(1, 2, 0)
    assert resized.shape == tuple(RESIZES[f"{case}|full_shape"])
    np.testing.assert_allclose(resized[::7, ::7], RESIZES[f"{case}|every7th"], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("size", "longer_side", "expected"),
    [
        ((512, 512), 224, (224, 224)),
        ((9, 12000), 384, (1, 384)),  # 0.288 rounds to 0, and 1 is kept
        ((1, 1), 224, (224, 224)),
        ((3, 448), 224, (2, 224)),  # 1.5 rounds to even
        ((5, 448), 224, (2, 224)),  # 2.5 rounds to even
    ],
)
def test_sizes_round_half_to_even_and_never_vanish(size, longer_side, expected):
    assert preserved_size(*size, longer_side) == expected


def test_halving_by_hand():
    # Output centre 1.0 lies between inputs 0 (0.5 away) and 1 (0.5 away); input 2 is exactly at the radius, so out.
    source, weight = gaussian_taps(4, 2)
    assert weight[:, 0][source[:, 0] == 0].sum() == pytest.approx(0.5)
    assert weight[:, 0][source[:, 0] == 1].sum() == pytest.approx(0.5)


@pytest.mark.parametrize(("size_in", "size_out"), [(1, 224), (7, 3), (1000, 384), (100, 4000)])
def test_weights_sum_to_one_and_constants_stay(size_in, size_out):
    weight = gaussian_taps(size_in, size_out)[1]
    np.testing.assert_allclose(weight.sum(axis=0), 1, rtol=1e-6)
    flat = gaussian_resize(np.full((3, size_in, 5), 0.25, np.float32), (size_out, 5))
    np.testing.assert_allclose(flat, 0.25, rtol=1e-6)
