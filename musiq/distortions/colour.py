"""Colours that are lost, overdone, wrong, or too few."""

import numpy as np
from PIL import Image

from musiq.distortions.pixels import between, to_floats, to_image

LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def saturation_loss(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """60% of the colour left, down to none."""
    return _saturate(image, 0.6 * (1 - severity))


def oversaturation(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """1.6 to 6 times the colour."""
    return _saturate(image, between(1.6, 6, severity))


def colour_cast(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """The channels' balance turned in a random direction, by 12% to 65%, the brightness kept."""
    turn = rng.uniform(0, 2 * np.pi)
    directions = np.cos(turn + np.array([0, 2, 4]) * np.pi / 3).astype(np.float32)
    gains = 1 + np.float32(between(0.12, 0.65, severity)) * directions
    return to_image(to_floats(image) * (gains / (gains @ LUMA)))


def quantisation(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """20 down to 3 levels in each channel, so that smooth slopes turn into bands."""
    steps = round(between(20, 3, severity)) - 1
    return to_image(np.rint(to_floats(image) * (steps / 255)) * np.float32(255 / steps))


def _saturate(image: Image.Image, factor: float) -> Image.Image:
    pixels = to_floats(image)
    grey = (pixels @ LUMA)[..., None]
    return to_image(grey + (pixels - grey) * np.float32(factor))
