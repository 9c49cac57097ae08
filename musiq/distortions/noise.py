"""What sensors, high sensitivities and faulty pixels add."""

import numpy as np
from PIL import Image

from musiq.distortions.pixels import between, to_floats, to_image


def gaussian_noise(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """Sigma 6 to 60 of 255, in each pixel and channel alone."""
    pixels = to_floats(image)
    return to_image(pixels + rng.standard_normal(pixels.shape, np.float32) * np.float32(between(6, 60, severity)))


def shot_noise(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """Photons counted: 300 down to 5 of them make white."""
    photons = between(300, 5, severity) / 255
    return to_image((rng.poisson(to_floats(image) * photons) / photons).astype(np.float32))


def impulse_noise(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """0.3% to 12% of the pixels black or white."""
    pixels = to_floats(image).copy()
    drawn = rng.random(pixels.shape[:2], np.float32)
    share = between(0.003, 0.12, severity)
    pixels[drawn < share] = 0
    pixels[drawn < share / 2] = 255
    return to_image(pixels)


def chroma_noise(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """Blotches of colour about four pixels wide, sigma 6 to 45 of 255, that leave the mean of the channels alone."""
    small = rng.standard_normal((3, -(-image.height // 4), -(-image.width // 4)), np.float32)
    small -= small.mean(0)
    blotches = [np.asarray(Image.fromarray(plane).resize(image.size, Image.Resampling.BICUBIC)) for plane in small]
    return to_image(to_floats(image) + np.stack(blotches, 2) * np.float32(between(6, 45, severity)))


def row_noise(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """Banding of a sensor's rows: each shifted in brightness, sigma 3 to 28 of 255."""
    rows = rng.standard_normal((image.height, 1, 1), np.float32)
    return to_image(to_floats(image) + rows * np.float32(between(3, 28, severity)))
