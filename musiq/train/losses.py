"""Losses on the network's scale (0..1 over the rating scale)."""

import torch
from torch import Tensor


def interval_l1(prediction: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Sum over images of the distance from the prediction to [low, high]; the paper's L1 where low = high.

    Args:
        prediction, low, high: float `(B,)`.

    Returns:
        Scalar, at least 0.
    """
    return (torch.relu(low - prediction) + torch.relu(prediction - high)).sum()
