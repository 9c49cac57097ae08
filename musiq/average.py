"""Several checkpoints -> one with the weighted mean of their weights.

It costs no more than one network to run. It helps where the checkpoints started from the same weights: seeds of one
recipe (Wortsman et al., "Model soups", ICML 2022), or a network before and after a stage that made it forget
(Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).
"""

import math
from collections.abc import Sequence
from functools import reduce

import numpy as np

from musiq.checkpoint import Checkpoint
from musiq.errors import CheckpointError

ALIKE = ("model", "patches", "score")  # what must agree


def average_checkpoints(checkpoints: Sequence[Checkpoint], shares: Sequence[float], name: str) -> Checkpoint:
    """A checkpoint called `name` with the mean weights, by shares that need not sum to 1.

    Its training data, licences and list of training images are those of all. What was measured on any of them
    (accuracy, population, calibration) does not hold for it and is left out.

    Raises:
        ValueError: not one positive, finite share for each checkpoint.
        CheckpointError: the checkpoints differ in architecture, preprocessing or score.
    """
    if len(shares) != len(checkpoints) or not all(0 < share < math.inf for share in shares):
        raise ValueError(f"{len(checkpoints)} checkpoints need as many positive shares, got {list(shares)}")
    first = checkpoints[0]
    for other in checkpoints[1:]:
        for part in ALIKE:
            if getattr(other, part) != getattr(first, part):
                ours, theirs = getattr(first, part), getattr(other, part)
                raise CheckpointError(f"{first.name} and {other.name} differ: {ours} and {theirs}")
    parts = np.array(shares) / sum(shares)
    weights = {
        key: sum((part * one.weights[key] for part, one in zip(parts, checkpoints, strict=True)), 0.0)
        for key in first.weights
    }
    return Checkpoint(
        name=name,
        weights={key: np.asarray(value, np.float32) for key, value in weights.items()},
        model=first.model,
        patches=first.patches,
        score=first.score,
        training_data=tuple(dict.fromkeys(data for one in checkpoints for data in one.training_data)),
        licence=" and ".join(dict.fromkeys(one.licence or "not stated" for one in checkpoints)),
        graphs=first.graphs,
        training_images=reduce(_join_lists, (one.training_images for one in checkpoints)),
    )


def _join_lists(first: bytes | None, second: bytes | None) -> bytes | None:
    """Rows of both under one header, each once."""
    if first is None or second is None:
        return first or second
    return b"".join(dict.fromkeys(first.splitlines(keepends=True) + second.splitlines(keepends=True)))
