"""Float images in torch become the patches that 8-bit images become, and gradients reach their pixels."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch.autograd import gradcheck

from musiq.patches import PatchConfig, patchify
from musiq.tensors import cut_patches, lanczos_matrix, resize, shrink, tensor_sequence

SIZES = [(1, 1), (1, 70), (53, 2), (31, 33), (32, 64), (90, 141)]
SMALL = PatchConfig((12, 20), patch_size=8, grid_size=3)


def pixels(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def as_tensor(image: np.ndarray, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.from_numpy(image).permute(2, 0, 1).to(dtype) / 255


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"profile": "pyiqa-bicubic"},
        {"padding": "mirror", "patch_size": 64},
        {"native": False},
        {"aspect": "square", "longer_sides": (48,)},
        {"longer_sides": ()},
        {"longer_sides": (40,), "longest_px": 60},
    ],
    ids=str,
)
def test_patches_are_those_of_8_bit_images(size, changes):
    config = replace(PatchConfig((64, 100)), **changes)
    image = pixels(size)
    expected, sequence = patchify(image, config), tensor_sequence(as_tensor(image), config)
    np.testing.assert_allclose(sequence.pixels, expected.pixels[0], atol=3e-6)
    np.testing.assert_array_equal(sequence.cell, expected.cell[0])
    np.testing.assert_array_equal(sequence.scale, expected.scale[0])
    assert sequence.cell.dtype == sequence.scale.dtype == torch.int64


@pytest.mark.parametrize("size", [(29, 37), (37, 58), (80, 20), (60, 37)])
@pytest.mark.parametrize("target", [(7, 9), (29, 9), (20, 20), (13, 2)])
def test_shrunk_as_pillow_does(size, target):
    target = tuple(min(pair) for pair in zip(size, target, strict=True))
    image = pixels(size)
    expected = Image.fromarray(image).resize(target[::-1], Image.Resampling.LANCZOS)
    np.testing.assert_array_equal((shrink(as_tensor(image), target) * 255).round().permute(1, 2, 0), expected)


def test_gradients_pass_the_rounding_of_a_shrunk_image():
    """As if only the filter were there, which Pillow says by its answer to single pixels: float images, mode F."""
    image = (0.3 + 0.4 * torch.rand(3, 23, 31, generator=torch.Generator().manual_seed(0))).requires_grad_()
    weight = torch.rand(3, 9, 12)
    (shrink(image, (9, 12)) * weight).sum().backward()
    for row, column in ((0, 0), (11, 17), (22, 30)):
        point = np.zeros((23, 31), np.float32)
        point[row, column] = 1
        answer = np.asarray(Image.fromarray(point).resize((12, 9), Image.Resampling.LANCZOS))
        expected = (weight[1] * torch.from_numpy(answer.copy())).sum()
        assert float(image.grad[1, row, column]) == pytest.approx(float(expected), abs=1e-5)


def test_no_gradient_where_a_shrunk_image_is_clamped():
    image = torch.zeros(3, 8, 8)
    image[:, :, 4:] = 1  # the filter rings beside an edge
    image.requires_grad_()
    small = shrink(image, (8, 6))
    rings = (image.detach().double() @ torch.from_numpy(lanczos_matrix(8, 6)).T)[0, 0]
    beyond = int(rings.argmax())
    assert rings[beyond] > 1.01
    assert float(small[0, 0, beyond].detach()) == 1
    (gradient,) = torch.autograd.grad(small[0, 0, beyond], image)
    assert float(gradient.abs().max()) == 0


@pytest.mark.parametrize("profile", ["google-v1", "pyiqa-bicubic"])
@pytest.mark.parametrize("padding", ["zeros", "mirror"])
def test_gradients_are_finite_differences(profile, padding):
    config = replace(SMALL, profile=profile, padding=padding)
    image = as_tensor(pixels((11, 5)), torch.float64).requires_grad_()
    weight = torch.rand_like(tensor_sequence(image, config).pixels)
    assert gradcheck(lambda image: (tensor_sequence(image, config).pixels * weight).sum(), image)


def test_bicubic_is_torchs_own():
    image = as_tensor(pixels((21, 34)), torch.float64)
    expected = torch.nn.functional.interpolate(image[None], (13, 40), mode="bicubic", align_corners=False)[0]
    torch.testing.assert_close(
        resize(image, (13, 40), "pyiqa-bicubic"), expected, atol=1e-5, rtol=0
    )  # whose weights are float64


def test_patches_of_a_pixel_mirror_it():
    pixel = torch.tensor([0.1, 0.2, 0.3]).reshape(3, 1, 1)
    patches = cut_patches(pixel, replace(SMALL, padding="mirror"))
    assert torch.equal(patches, pixel.expand(1, 3, 8, 8))


def test_precision_is_the_images_also_under_autocast():
    image = as_tensor(pixels((40, 50)))
    with torch.autocast("cpu", torch.bfloat16):
        sequence = tensor_sequence(image, SMALL)
    torch.testing.assert_close(sequence.pixels, tensor_sequence(image, SMALL).pixels, atol=0, rtol=0)
