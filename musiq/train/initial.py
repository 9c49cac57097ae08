"""Starting from another checkpoint: the same network with another head, other scales, another grid."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from musiq.checkpoint import Checkpoint
from musiq.config import ModelConfig
from musiq.errors import CheckpointError
from musiq.model import MUSIQ, as_state
from musiq.nima import NIMA
from musiq.patches import PatchConfig
from musiq.scores import UNSURE_OUTPUTS, ScoreRange

HEAD = ("head.weight", "head.bias")
SCORES = {1, UNSURE_OUTPUTS}  # outputs of which the first is a score
FIXED = ("width", "depth", "heads", "mlp", "patch_size", "stem", "stem_groups", "stem_units")
ALMOST_NOTHING = 0.01  # not nothing: the parameters before the head would get no gradient from the first step
Weights = dict[str, NDArray[np.float32]]


def begin_at(network: MUSIQ | NIMA, logits: Sequence[float]) -> None:
    """Makes a fresh network's outputs nearly `logits` `(K,)` for every image: a head of almost zeros, and a bias.

    Random scores instead would cost the first hundred steps, in which the clipped gradient is the head's alone.
    """
    with torch.no_grad():
        network.head.weight.mul_(ALMOST_NOTHING)
        network.head.bias.copy_(torch.tensor(logits))


def initialise(network: MUSIQ, checkpoint: Checkpoint, patches: PatchConfig, score: ScoreRange) -> list[str]:
    """Copies the checkpoint's weights into the network and says what was changed on the way.

    The head stays new where the outputs differ, and is rescaled where one score is kept but its range differs. The
    spatial embedding is resampled to another grid; scale embeddings go to the same scales, new scales take the nearest.

    Args:
        patches: pyramid of the network.
        score: range of the network's scores.

    Raises:
        CheckpointError: the architectures differ in anything else.
    """
    if faults := unlike(network.config, checkpoint.model):
        raise CheckpointError(f"{checkpoint.name}: cannot initialise this recipe's network: it has {'; '.join(faults)}")
    weights, notes = dict(checkpoint.weights), list[str]()
    for change in (_fit_head, _fit_grid, _fit_scales):
        notes += change(weights, network, checkpoint, patches, score)
    expected = network.state_dict().keys() & weights.keys()
    network.load_state_dict(as_state({name: weights[name] for name in expected}), strict=False)
    return notes


def unlike(ours: ModelConfig, theirs: ModelConfig) -> list[str]:
    """Why a network cannot start from another: `depth 14, not 3` and the like."""
    return [
        f"{name} {getattr(theirs, name)}, not {getattr(ours, name)}"
        for name in FIXED
        if getattr(ours, name) != getattr(theirs, name)
    ]


def _fit_head(weights: Weights, network: MUSIQ, checkpoint: Checkpoint, _: Any, score: ScoreRange) -> list[str]:
    outputs, theirs = network.config.outputs, checkpoint.model.outputs
    if not {outputs, theirs} <= SCORES and outputs != theirs:
        for name in HEAD:
            del weights[name]
        return [f"new head of {outputs} outputs in place of {theirs}"]
    notes = list[str]()
    if outputs != theirs:
        for name, value in network.head.state_dict().items():
            fresh = value.numpy().copy()
            fresh[0] = weights[f"head.{name}"][0]
            weights[f"head.{name}"] = fresh
        notes.append(f"score kept from the head of {theirs} outputs")
    line = _line_between(checkpoint.score, score) if outputs in SCORES else (1.0, 0.0)
    if line == (1.0, 0.0):
        return notes
    slope, offset = line
    weight, bias = (weights[name].copy() for name in HEAD)
    weight[0], bias[0] = weight[0] * slope, bias[0] * slope + offset
    bias[1:] += np.log(slope)  # of an uncertainty in the score's unit
    weights["head.weight"], weights["head.bias"] = weight, bias
    return [*notes, f"head rescaled to scores from {score.low:g} to {score.high:g}"]


def _line_between(old: ScoreRange, new: ScoreRange) -> tuple[float, float]:
    """(slope, offset) that take the old network's output to the new one's for the same place in the range."""
    if old.low is None or old.high is None or new.low is None or new.high is None:
        return 1.0, 0.0
    slope = (new.high - new.low) / (old.high - old.low)
    return slope * old.factor / new.factor, (new.low - slope * old.low) / new.factor


def _fit_grid(weights: Weights, network: MUSIQ, checkpoint: Checkpoint, *_: Any) -> list[str]:
    ours, theirs = network.config, checkpoint.model
    if ours.spatial != "hash":
        return [f"spatial embedding left out: this network's is {ours.spatial!r}"] if "spatial" in weights else []
    if "spatial" not in weights:
        return [f"new spatial embedding: the checkpoint's is {theirs.spatial!r}"]
    if ours.grid_size == theirs.grid_size:
        return []
    old, new = theirs.grid_size, ours.grid_size
    table = torch.tensor(weights["spatial"]).T.reshape(1, -1, old, old)
    resampled = F.interpolate(table, (new, new), mode="bilinear", align_corners=False)
    weights["spatial"] = resampled.reshape(-1, new * new).T.contiguous().numpy()
    return [f"spatial embedding resampled from {old} x {old} to {new} x {new} cells"]


def _fit_scales(weights: Weights, network: MUSIQ, checkpoint: Checkpoint, patches: PatchConfig, _: Any) -> list[str]:
    if not network.config.scale_embedding:
        return ["scale embedding left out"] if "scale" in weights else []
    if "scale" not in weights:
        return ["new scale embedding: the checkpoint has none"]
    ours, theirs = _sides(patches), _sides(checkpoint.patches)
    if ours == theirs:
        return []
    nearest = [min(range(len(theirs)), key=lambda index: abs(np.log(theirs[index] / side))) for side in ours]
    weights["scale"] = weights["scale"][nearest]
    pairs = (f"{_side_name(side)} from {_side_name(theirs[index])}" for side, index in zip(ours, nearest, strict=True))
    return [f"scale embeddings taken over: {', '.join(pairs)}"]


NATIVE_SIDE = 1e6  # longer than any photo's longer side: native is the nearest to native


def _sides(patches: PatchConfig) -> list[float]:
    return [*map(float, patches.longer_sides), *([NATIVE_SIDE] if patches.native else [])]


def _side_name(side: float) -> str:
    return "native" if side == NATIVE_SIDE else f"{side:g}"
