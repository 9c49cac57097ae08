"""Too much light, too little, or too flat; light is the pixel value to the power 2.2."""

import numpy as np
from PIL import Image

from musiq.distortions.pixels import between, to_floats, to_image

GAMMA = 2.2


def overexposure(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """0.7 to 3.5 stops too bright, clipped at white."""
    return _expose(image, between(0.7, 3.5, severity))


def underexposure(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """1 to 6 stops too dark, rounded to 8 bits."""
    return _expose(image, -between(1, 6, severity))


def contrast_loss(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """The differences from the mean at 70% down to 12%."""
    pixels = to_floats(image)
    mean = pixels.mean()
    return to_image(mean + (pixels - mean) * np.float32(between(0.7, 0.12, severity)))


def _expose(image: Image.Image, stops: float) -> Image.Image:
    return to_image(to_floats(image) * np.float32(2 ** (stops / GAMMA)))
