"""Enlarged from fewer pixels."""

import numpy as np
from PIL import Image

from musiq.distortions.pixels import between

SOFT = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)


def soft_upscale(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """Shrunk 1.7 to 9 times and enlarged again, bilinear, bicubic or Lanczos."""
    return _through_fewer(image, between(1.7, 9, severity), SOFT[rng.integers(len(SOFT))])


def pixelation(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """Shrunk 1.5 to 8 times and enlarged again as squares."""
    return _through_fewer(image, between(1.5, 8, severity), Image.Resampling.NEAREST)


def _through_fewer(image: Image.Image, factor: float, method: Image.Resampling) -> Image.Image:
    width, height = (max(1, round(side / factor)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BOX).resize(image.size, method)
