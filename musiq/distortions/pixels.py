"""Between images of 8 bits and arrays to compute with."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]


def to_floats(image: Image.Image) -> Floats:
    """`(H, W, 3)`, 0..255."""
    return np.asarray(image, np.float32)


def to_image(pixels: NDArray[np.floating]) -> Image.Image:
    """Rounded and clipped to 0..255."""
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def between(first: float, last: float, severity: float) -> float:
    """From `first` at severity 0 to `last` at 1, by equal factors."""
    return float(first * (last / first) ** severity)
