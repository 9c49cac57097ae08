"""A checkpoint as a torch module: float images in, scores out, with gradients to pixels and weights."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from musiq.checkpoint import Checkpoint, Weights
from musiq.model import MUSIQ, as_state
from musiq.scores import RATINGS, OwnScale, ScoreRange
from musiq.tensors import tensor_sequence

Images = Tensor | Sequence[Tensor]
LIMIT = "a float tensor (N, 3, H, W) or (3, H, W), or a list of (3, H, W)"


class ImageQuality(nn.Module):
    """Scores images as `Scorer` does, in torch, so that a loss can use them.

    Attributes:
        network: the network, in evaluation mode as it is made; its weights need no gradients until asked to
            (`requires_grad_`).
        score_range: range and direction of the scores.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.network = MUSIQ(checkpoint.model)
        self.network.load_state_dict(as_state(checkpoint.weights))
        self._origin, self._facts = checkpoint.id, replace(checkpoint, weights={})
        self.eval().requires_grad_(False)

    @property
    def score_range(self) -> ScoreRange:
        """Range and direction of the scores."""
        return self._facts.score_range

    def forward(self, images: Images) -> Tensor:
        """Scores `(N,)` in the checkpoint's unit, of the network's dtype.

        Args:
            images: float `(N, 3, H, W)`, `(3, H, W)`, or a list of `(3, H, W)` of different sizes; sRGB in [0, 1].
                They go to the network's device and dtype.

        Raises:
            ValueError: it is nothing of these.
        """
        scores = score_tensor(self.logits(images), self._facts.score.factor)
        own = self._facts.own_scale
        return scores if own is None else map_tensor(scores, own)

    def logits(self, images: Images) -> Tensor:
        """Network outputs `(N, K)` of such images."""
        like = self.network.head.weight
        sequences = [tensor_sequence(image.to(like), self._facts.patches) for image in as_images(images)]
        pixels, cell, scale = (torch.cat(parts) for parts in zip(*sequences, strict=True))
        return self.network.forward_packed(pixels, cell, scale, [len(sequence.cell) for sequence in sequences])

    def as_checkpoint(self) -> Checkpoint:
        """The checkpoint of the weights as they are now; trained on, it has lost what was measured on them."""
        state = self.network.state_dict()
        weights: Weights = {name: tensor.detach().cpu().float().numpy().copy() for name, tensor in state.items()}
        now = replace(self._facts, weights=weights, model=self.network.config)
        if now.id == self._origin:
            return now
        return replace(now, accuracy={}, population=None, calibration=None)


def as_images(images: Images) -> list[Tensor]:
    """Each image alone, `(3, H, W)`.

    Raises:
        ValueError: they are no such tensors; names the shape and dtype.
    """
    batch = list(images) if not isinstance(images, Tensor) else [images] if images.ndim == 3 else list(images)
    for image in batch:
        if not isinstance(image, Tensor):
            raise ValueError(f"images must be {LIMIT}, got {type(image).__name__}")
        if image.ndim != 3 or image.shape[0] != 3 or 0 in image.shape or not image.is_floating_point():
            raise ValueError(f"images must be {LIMIT}, got {image.dtype} {tuple(image.shape)}")
    if not batch:
        raise ValueError("no images")
    return batch


def score_tensor(logits: Tensor, factor: float = 1.0) -> Tensor:
    """Scores `(B,)` of logits `(B, K)`, as `musiq.scores.mean_opinion` has them, with their gradients."""
    if logits.shape[-1] == len(RATINGS):
        return logits.softmax(-1) @ torch.from_numpy(RATINGS).to(logits)
    return logits[:, 0] * factor


def map_tensor(scores: Tensor, own: OwnScale) -> Tensor:
    """Scores `(B,)` on a scale of one's own, as `OwnScale.apply` has them, with their gradients."""
    knots, values = np.asarray(own.scores), np.asarray(own.values)
    slopes = np.diff(values) / np.diff(knots)
    bends = np.diff(slopes, prepend=0.0)  # the line from knot to knot as a sum of hinges
    first, bend, at = (torch.from_numpy(series).to(scores) for series in (slopes[:1], bends[1:], knots[1:-1]))
    start = float(values[0]) + first * (scores - float(knots[0]))
    return start + ((scores[:, None] - at).clamp_min(0) * bend).sum(dim=1)
