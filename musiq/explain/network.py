"""The network itself, for what needs more of it than its score."""

from musiq.checkpoint import Checkpoint
from musiq.errors import MissingExtraError

try:
    import torch  # noqa: F401
except ImportError:
    raise MissingExtraError("looking into the network", "train") from None

from musiq.model import MUSIQ, as_state


def open_network(checkpoint: Checkpoint) -> MUSIQ:
    """A checkpoint's network in evaluation mode, in float32 on the CPU; its weights need no gradients."""
    network = MUSIQ(checkpoint.model).eval().requires_grad_(False)
    network.load_state_dict(as_state(checkpoint.weights))
    return network
