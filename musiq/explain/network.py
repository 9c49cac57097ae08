"""The network itself, for what needs more of it than its score."""

import numpy as np

from musiq.checkpoint import Checkpoint
from musiq.errors import MissingExtraError
from musiq.scores import RATINGS

try:
    import torch
    from torch import Tensor
except ImportError:
    raise MissingExtraError("looking into the network", "train") from None

from musiq.model import MUSIQ, as_state


def open_network(checkpoint: Checkpoint) -> MUSIQ:
    """A checkpoint's network in evaluation mode, in float32 on the CPU; its weights need no gradients."""
    network = MUSIQ(checkpoint.model).eval().requires_grad_(False)
    network.load_state_dict(as_state(checkpoint.weights))
    return network


def score_tensor(logits: Tensor, factor: float = 1.0) -> Tensor:
    """Scores `(B,)` of logits `(B, K)`, as `musiq.scores.mean_opinion` has them, with their gradients."""
    if logits.shape[-1] == len(RATINGS):
        return logits.softmax(-1) @ torch.from_numpy(RATINGS.astype(np.float32)).to(logits)
    return logits[:, 0] * factor
