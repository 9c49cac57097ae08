"""Out of focus, shaken, or smoothed. Borders are continued by their last pixels."""

import numpy as np
from PIL import Image, ImageFilter

from musiq.distortions.pixels import Floats, between, to_floats, to_image


def gaussian_blur(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """Sigma 0.8 to 6 px."""
    return image.filter(ImageFilter.GaussianBlur(between(0.8, 6, severity)))


def motion_blur(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """Moved on a straight line of 4 to 30 px, in any direction."""
    return to_image(_move(to_floats(image), between(4, 30, severity), rng.uniform(0, np.pi)))


def lens_blur(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """A disc of radius 1.5 to 10 px, as an aperture draws a point that is out of focus."""
    return to_image(_disc(to_floats(image), between(1.5, 10, severity)))


def _move(pixels: Floats, length: float, angle: float) -> Floats:
    steps = np.linspace(-(length - 1) / 2, (length - 1) / 2, round(length))
    shifts = [(round(step * np.sin(angle)), round(step * np.cos(angle))) for step in steps]
    reach = max(max(abs(down), abs(right)) for down, right in shifts)
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), "edge")
    height, width, _ = pixels.shape
    total = np.zeros_like(pixels)
    for down, right in shifts:
        total += padded[reach + down : reach + down + height, reach + right : reach + right + width]
    return total / np.float32(len(shifts))


def _disc(pixels: Floats, radius: float) -> Floats:
    """The mean over a disc, row of the disc by row, each a difference of running sums."""
    reach = int(radius)
    height, width, _ = pixels.shape
    padded = np.pad(pixels, ((reach, reach), (reach + 1, reach), (0, 0)), "edge")
    sums = np.cumsum(padded, axis=1, dtype=np.float64)
    total, area = np.zeros(pixels.shape, np.float64), 0
    for down in range(-reach, reach + 1):
        half = int(np.sqrt(radius**2 - down**2))
        row = sums[reach + down : reach + down + height]
        total += row[:, reach + half + 1 : reach + half + 1 + width] - row[:, reach - half : reach - half + width]
        area += 2 * half + 1
    return (total / area).astype(np.float32)
