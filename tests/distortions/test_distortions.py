"""All distortions alike: what is lost grows with the level, and nothing else about the image changes."""

import numpy as np
import pytest
from PIL import Image

from musiq.distortions import DISTORTIONS, FAMILIES, LEVELS, distort


@pytest.fixture
def image(photo) -> Image.Image:
    return Image.fromarray(photo).resize((300, 200))


def seeded() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize("name", DISTORTIONS)
def test_each_level_is_farther_from_the_photo_than_the_one_before(name, image):
    original = np.asarray(image, np.float64)
    copies = [np.asarray(distort(image, name, level, seeded()), np.float64) for level in range(1, LEVELS + 1)]
    errors = [float(np.mean((copy - original) ** 2)) for copy in copies]
    assert errors[0] > 0
    assert errors == sorted(set(errors)), errors


@pytest.mark.parametrize("name", DISTORTIONS)
@pytest.mark.parametrize("size", [(1, 1), (3, 40), (37, 5), (33, 65)])
def test_any_size_stays_an_rgb_image_of_that_size(name, size):
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (*size[::-1], 3), np.uint8))
    for level in (1, LEVELS):
        copy = distort(image, name, level, seeded())
        assert (copy.mode, copy.size) == ("RGB", size)


@pytest.mark.parametrize("name", DISTORTIONS)
def test_the_same_generator_gives_the_same_image_and_leaves_the_original(name, image):
    before = image.tobytes()
    assert distort(image, name, 3, seeded()).tobytes() == distort(image, name, 3, seeded()).tobytes()
    assert image.tobytes() == before


def test_the_base_kinds_are_there():
    assert len(DISTORTIONS) == sum(map(len, FAMILIES.values())) >= 22


@pytest.mark.parametrize(
    ("name", "level", "mode", "words"),
    [
        ("fog", 1, "RGB", "no distortion 'fog'; there are gaussian_blur, "),
        ("jpeg", 0, "RGB", "level must be from 1 to 5, got 0"),
        ("jpeg", 6, "RGB", "level must be from 1 to 5, got 6"),
        ("jpeg", 1, "L", "distortions take RGB images, got mode L"),
    ],
)
def test_what_cannot_be_done_is_said(name, level, mode, words):
    with pytest.raises(ValueError, match=words):
        distort(Image.new(mode, (8, 8)), name, level, seeded())
