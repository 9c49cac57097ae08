"""The encoder's matrices as 8-bit integers: a scale per output, rounded to nearest."""

import numpy as np
from numpy.typing import NDArray

from musiq.checkpoint import Weights

ZERO = 128  # the integer that stands for 0
SCALE, INTEGERS, OFFSET = "scale", "integers", "offset"  # what a layer's weight becomes, after the layer's name


def quantize(weights: Weights) -> dict[str, NDArray]:
    """Encoder weights with every matrix `L.weight` `(out, in)` as `L.integers` uint8 `(in, out)`, `L.scale` float32
    `(out,)` and `L.offset` uint8 `(out,)`: weight = (integers - offset) * scale. Vectors stay as they are."""
    result: dict[str, NDArray] = {}
    for name, array in weights.items():
        if array.ndim < 2:
            result[name] = array
            continue
        scale = np.maximum(np.abs(array).max(axis=1), np.finfo(np.float32).tiny) / np.float32(127)
        layer = name.removesuffix(".weight")
        result[f"{layer}.{INTEGERS}"] = (np.rint(array / scale[:, None]) + ZERO).astype(np.uint8).T.copy()
        result[f"{layer}.{SCALE}"] = scale.astype(np.float32)
        result[f"{layer}.{OFFSET}"] = np.full(len(scale), ZERO, np.uint8)
    return result
