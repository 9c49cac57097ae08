"""Statistics of natural scenes: what is known of an image's quality without a network."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from musiq.errors import MissingExtraError

try:
    import cv2
    from cv2 import quality  # OpenCV has it with its contributed modules only
    from scipy import ndimage
except ImportError:
    raise MissingExtraError("a classical method", "classical") from None

SMALLEST_SIDE_PX = 14  # in smaller images every 7 x 7 window of the MSCN at half size reaches over the border
Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]


def brisque_features(pixels: Pixels) -> Floats:
    """The 36 features of BRISQUE (Mittal et al., TIP 2012, table I), float64 `(36,)`, as OpenCV computes them.

    Moments of a flat image, undefined in OpenCV, are 0.
    """
    bgr = np.ascontiguousarray(pixels[..., ::-1])
    found = quality.QualityBRISQUE.computeFeatures(bgr)[0].astype(np.float64)
    return np.where(np.isfinite(found), found, 0.0)


def nss_statistics(pixels: Pixels) -> Floats:
    """Twelve plain statistics, float64 `(12,)`: the floor that any learned method must clear.

    Mean, standard deviation, skewness and excess kurtosis of the MSCN coefficients at full and at half size; mean and
    standard deviation of the luma; colourfulness; sharpness (logarithm of the variance of the Laplacian).
    """
    grey = luma(pixels)
    sharpness = np.log1p(ndimage.laplace(grey).var())
    naturalness = [moment for size in (grey, halved(grey)) for moment in moments(mscn(size))]
    return np.array([*naturalness, grey.mean(), grey.std(), colourfulness(pixels), sharpness])


def luma(pixels: Pixels) -> Floats:
    """Luma, whole numbers in float64 `(H, W)`, 0 to 255."""
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float64)


def halved(grey: Floats) -> Floats:
    """Means of 2 x 2 pixels, `(H // 2, W // 2)`."""
    height, width = (side // 2 for side in grey.shape)
    return grey[: 2 * height, : 2 * width].reshape(height, 2, width, 2).mean(axis=(1, 3))


def mscn(grey: Floats) -> Floats:
    """Mean-subtracted, contrast-normalised coefficients of `(H, W)`, the same shape (Mittal et al., eq. 1 to 3)."""
    blur = partial(ndimage.gaussian_filter, sigma=7 / 6, mode="nearest", radius=3)
    mean = blur(grey)
    deviation = np.sqrt(np.abs(blur(grey**2) - mean**2))  # rounding may take it below 0
    return (grey - mean) / (deviation + 1)


def moments(values: Floats) -> tuple[float, float, float, float]:
    """Mean, standard deviation, skewness and excess kurtosis; of equal values the last three are 0."""
    mean, deviation = float(values.mean()), float(values.std())
    if deviation < 1e-9:
        return mean, 0.0, 0.0, 0.0
    unit = (values - mean) / deviation
    square = unit * unit
    return mean, deviation, float((square * unit).mean()), float((square * square).mean() - 3)


def colourfulness(pixels: Pixels) -> float:
    """How strong the colours are, 0 for grey (Hasler and Süsstrunk, 2003)."""
    red, green, blue = np.moveaxis(pixels.astype(np.float64), -1, 0)
    axes = red - green, (red + green) / 2 - blue
    spread, offset = (np.hypot(*(measure(axis) for axis in axes)) for measure in (np.std, np.mean))
    return float(spread + 0.3 * offset)
