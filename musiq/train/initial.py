"""Starting from another checkpoint's weights, the published ImageNet file's for instance."""

from dataclasses import replace

from musiq.checkpoint import Checkpoint
from musiq.errors import CheckpointError
from musiq.model import MUSIQ, as_state

HEAD = ("head.weight", "head.bias")


def initialise(network: MUSIQ, checkpoint: Checkpoint) -> None:
    """Copies the checkpoint's weights into the network; its head stays as it is where the outputs differ.

    Raises:
        CheckpointError: the architectures differ in anything but head, dropout and stochastic depth.
    """
    ours, theirs = network.config, checkpoint.model
    alike = replace(theirs, outputs=ours.outputs, dropout=ours.dropout, stochastic_depth=ours.stochastic_depth)
    if alike != ours:
        raise CheckpointError(f"{checkpoint.name}: cannot initialise {ours}; it holds {theirs}")
    keep_head = theirs.outputs == ours.outputs
    weights = {name: array for name, array in checkpoint.weights.items() if keep_head or name not in HEAD}
    network.load_state_dict(as_state(weights), strict=keep_head)
