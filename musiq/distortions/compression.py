"""Codecs at low quality; those that the Pillow at hand may lack are in `OPTIONAL` where it has them."""

import io
from typing import Any, Final

import numpy as np
from PIL import Image, features

from musiq.distortions.pixels import between


def jpeg(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """Quality 40 down to 4."""
    return _recode(image, "JPEG", quality=round(between(40, 4, severity)))


def webp(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """Quality 40 down to 0."""
    return _recode(image, "WEBP", quality=round(40 * (1 - severity)), method=0)


def jpeg2000(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """30 to 300 times smaller than the pixels."""
    rate = between(30, 300, severity)
    return _recode(image, "JPEG2000", quality_mode="rates", quality_layers=[rate], irreversible=True)


def avif(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """Quality 35 down to 0."""
    return _recode(image, "AVIF", quality=round(35 * (1 - severity)), speed=10)


def _recode(image: Image.Image, kind: str, **options: Any) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return Image.open(buffer).convert("RGB")


OPTIONAL: Final = tuple(kind for kind, feature in ((jpeg2000, "jpg_2000"), (avif, "avif")) if features.check(feature))
