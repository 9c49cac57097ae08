import numpy as np
import pytest
import torch

from musiq.resize import bicubic_taps, gaussian_taps, preserved_size, resize
from tests.conftest import REFERENCE

RESIZES = np.load(REFERENCE / "resize.npz")
CASES = [name.rsplit("|", 1)[0] for name in RESIZES.files if name.endswith("every7th")]


@pytest.mark.parametrize("case", CASES)
def test_equals_the_reference(case, reference_image):
    image, longer_side = case.split("|")
    pixels = reference_image(image)
    size = preserved_size(*pixels.shape[:2], int(longer_side))
    resized = resize(pixels, size).transpose(1, 2, 0)
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
    for image, size in (
        (np.full((size_in, 5, 3), 51, np.uint8), (size_out, 5)),
        (np.full((5, size_in, 3), 51, np.uint8), (5, size_out)),
    ):
        np.testing.assert_allclose(resize(image, size), 51 / 127.5 - 1, rtol=1e-6)


@pytest.mark.parametrize("size", [(60, 40), (200, 500), (90, 1)])  # 40 and 1 columns skip some of the 150
def test_equals_a_sum_over_every_pixel(size):
    image = np.random.default_rng(0).integers(0, 256, (90, 150, 3), np.uint8)
    matrices = []
    for side_in, side_out in zip((90, 150), size, strict=True):
        centre = (np.arange(side_out)[:, None] + 0.5) * side_in / side_out
        distance = np.abs(np.arange(side_in) + 0.5 - centre)
        weight = np.where(distance < 1.5, np.exp(-(distance**2) / 0.5), 0)
        matrices.append(weight / weight.sum(axis=1, keepdims=True))
    expected = np.einsum("yh,hwc,xw->cyx", matrices[0], image / 127.5 - 1, matrices[1], optimize=True)
    np.testing.assert_allclose(resize(image, size), expected, atol=1e-4)  # positions are float32


@pytest.mark.parametrize("size", [(60, 40), (200, 500), (90, 1), (1, 150), (31, 149)])
def test_bicubic_is_torchs(size):
    image = np.random.default_rng(0).integers(0, 256, (90, 150, 3), np.uint8)
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 127.5 - 1
    expected = torch.nn.functional.interpolate(pixels, size, mode="bicubic", align_corners=False)[0]
    np.testing.assert_allclose(resize(image, size, "pyiqa-bicubic"), expected.numpy(), atol=2e-5)


def test_a_cubic_by_hand():
    # Halving puts each output in the middle of two inputs: weights of Keys' kernel at 1.5, 0.5, 0.5 and 1.5.
    source, weight = bicubic_taps(8, 4)
    np.testing.assert_array_equal(source[:, 1], [1, 2, 3, 4])
    np.testing.assert_allclose(weight[:, 1], [-0.09375, 0.59375, 0.59375, -0.09375])


def test_the_profiles_round_sides_in_their_own_precision():
    # 45 * 224 / 320 is 31.5; in Python's floats, which the common port has, 45 * 0.7 is 31.499999999999996
    assert preserved_size(45, 320, 224) == (32, 224)
    assert preserved_size(45, 320, 224, "pyiqa-bicubic") == (round(45 * (224 / 320)), 224) == (31, 224)
