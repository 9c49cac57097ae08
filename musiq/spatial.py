"""The fixed spatial embedding that the paper compares its learned one with (Table 12)."""

import numpy as np
from numpy.typing import NDArray


def sinusoid_table(grid_size: int, width: int) -> NDArray[np.float32]:
    """Fixed 2-D sine and cosine embedding of each cell, `(G*G, D)`: the first half of D codes the row."""
    frequency = 10000.0 ** (-np.arange(width // 4) / (width // 4))
    angle = np.arange(grid_size)[:, None] * frequency  # (G, D/4)
    side = np.concatenate([np.sin(angle), np.cos(angle)], axis=1)  # (G, D/2)
    row, column = np.repeat(side, grid_size, axis=0), np.tile(side, (grid_size, 1))
    return np.concatenate([row, column], axis=1).astype(np.float32)
