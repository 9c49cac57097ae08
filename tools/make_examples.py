"""Writes examples/: a few freely licensed photos, and a blurred, a noisy and a heavily compressed copy of each.

    pip install scikit-image scikit-learn && python tools/make_examples.py

The photos come with those two libraries; examples/README.md names authors and licences.
"""

from pathlib import Path

import numpy as np
import skimage
import sklearn.datasets
from PIL import Image, ImageFilter

OUT = Path(__file__).parent.parent / "examples"
BLUR_SIGMA_PX = 3
NOISE_SIGMA = 35
LOW_QUALITY = 6


def photos() -> dict[str, Image.Image]:
    """Name and pixels of each original."""
    scenes = {name: sklearn.datasets.load_sample_image(f"{name}.jpg") for name in ("china", "flower")}
    return {name: Image.fromarray(array) for name, array in (scenes | {"coffee": skimage.data.coffee()}).items()}


def add_noise(photo: Image.Image) -> Image.Image:
    """Gaussian noise per pixel and channel."""
    grain = np.random.default_rng(0).normal(0, NOISE_SIGMA, (photo.height, photo.width, 3))
    return Image.fromarray(np.clip(np.asarray(photo) + grain, 0, 255).astype(np.uint8))


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    for name, photo in photos().items():
        photo.save(OUT / f"{name}.jpg", quality=95)
        photo.filter(ImageFilter.GaussianBlur(BLUR_SIGMA_PX)).save(OUT / f"{name}-blurred.jpg", quality=95)
        add_noise(photo).save(OUT / f"{name}-noisy.jpg", quality=90)
        photo.save(OUT / f"{name}-compressed.jpg", quality=LOW_QUALITY)
