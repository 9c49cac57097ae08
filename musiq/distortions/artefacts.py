"""What processing and transmission leave behind."""

import numpy as np
from PIL import Image, ImageFilter

from musiq.distortions.pixels import Floats, between, to_floats, to_image

BLOCK = 16


def ringing(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """Frequencies above 0.28 down to 0.05 cycles a pixel cut off sharply, which echoes each edge."""
    return to_image(_cut_off(to_floats(image), between(0.28, 0.05, severity)))


def sharpening_halos(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """An unsharp mask of radius 2 px at 80% to 900%."""
    return image.filter(ImageFilter.UnsharpMask(2, round(between(80, 900, severity)), 0))


def block_loss(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """0.5% to 20% of the blocks of 16 x 16 px lost in transmission, and shown as grey."""
    rows, columns = -(-image.height // BLOCK), -(-image.width // BLOCK)
    lost = np.zeros(rows * columns, bool)
    lost[rng.permutation(lost.size)[: max(1, round(between(0.005, 0.2, severity) * lost.size))]] = True
    mask = lost.reshape(rows, columns).repeat(BLOCK, 0).repeat(BLOCK, 1)[: image.height, : image.width]
    return to_image(np.where(mask[..., None], np.float32(128), to_floats(image)))


def _cut_off(pixels: Floats, cycles: float) -> Floats:
    """Within mirrored borders, so that the image's edges do not meet each other."""
    height, width, _ = pixels.shape
    rims = (min(16, height - 1), min(16, width - 1))
    padded = np.pad(pixels, ((rims[0], rims[0]), (rims[1], rims[1]), (0, 0)), "reflect")
    down, right = (np.fft.fftfreq(side) for side in padded.shape[:2])
    keep = np.hypot(down[:, None], right[: padded.shape[1] // 2 + 1]) <= cycles
    passed = np.fft.irfft2(np.fft.rfft2(padded, axes=(0, 1)) * keep[..., None], padded.shape[:2], axes=(0, 1))
    return passed[rims[0] : rims[0] + height, rims[1] : rims[1] + width].astype(np.float32)
