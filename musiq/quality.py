"""A checkpoint as a torch module: float images in, scores out, with gradients to pixels and weights."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from musiq.checkpoint import Checkpoint, Weights
from musiq.errors import MissingExtraError
from musiq.scorer import check_scores
from musiq.scores import RATINGS, OwnScale, ScoreRange
from musiq.sources import load_checkpoint

try:
    import torch
    from torch import Tensor, nn
except ImportError:
    raise MissingExtraError("scoring in torch", "train") from None

from musiq.model import MUSIQ, as_state
from musiq.tensors import tensor_sequence

Images = Tensor | Sequence[Tensor]
LIMIT = "a tensor (N, 3, H, W) or (3, H, W), or a list of (3, H, W), of floats or uint8"
MARGIN = 0.1  # of the range: a value farther beyond it is a stray
MOST_STRAYS = 0.1  # of an image's values; of one in another range most are


class ImageQuality(nn.Module):
    """Scores images as `Scorer` does, in torch, so that a loss can use them.

    It stays in evaluation mode, also as a part of a module in training: dropout has no place in a measure.

    Attributes:
        network: the network; its weights need no gradients until asked to (`requires_grad_`). Its
            `set_grad_checkpointing()` makes gradients of large images fit into less memory.
        data_range: white; black is 0.
        check_range: whether images are looked at before they are scored.
    """

    def __init__(
        self, checkpoint: str | Path | Checkpoint = "default", *, data_range: float = 1.0, check_range: bool = True
    ) -> None:
        """
        Args:
            checkpoint: a name, a path or a loaded one, as `Scorer.load` takes it.
            data_range: 1 for images in [0, 1], 255 for images in [0, 255].
            check_range: refuse images with NaN, and such that lie in another range; False saves a GPU a wait.

        Raises:
            CheckpointError: it is missing or malformed, or its outputs are no score.
            ValueError: `data_range` is no positive number.
        """
        super().__init__()
        loaded = checkpoint if isinstance(checkpoint, Checkpoint) else load_checkpoint(checkpoint)
        check_scores(loaded)
        if not (data_range > 0 and math.isfinite(data_range)):
            raise ValueError(f"data_range must be a positive number, got {data_range}")
        self.data_range, self.check_range = data_range, check_range
        self.network = MUSIQ(loaded.model)
        self.network.load_state_dict(as_state(loaded.weights))
        self._origin, self._facts = loaded.id, replace(loaded, weights={})
        self.eval().requires_grad_(False)

    @property
    def score_range(self) -> ScoreRange:
        """Range and direction of the scores."""
        return self._facts.score_range

    def forward(self, images: Images) -> Tensor:
        """Scores `(N,)` in the checkpoint's unit, of the network's dtype but at least float32.

        Args:
            images: `(N, 3, H, W)`, `(3, H, W)`, or a list of `(3, H, W)` of different sizes; sRGB, floats in
                [0, `data_range`], or uint8 where that is 255. They go to the network's device. What lies beyond the
                range is clamped, as a file or a screen would, and gets no gradient there.

        Raises:
            ValueError: it is nothing of these; an image holds NaN; or more than a tenth of its values lie beyond the
                range by more than a tenth of it.
        """
        scores = score_tensor(self.logits(images), self._facts.score.factor)
        own = self._facts.own_scale
        return scores if own is None else map_tensor(scores, own)

    def logits(self, images: Images) -> Tensor:
        """Network outputs `(N, K)` of such images."""
        like = self.network.class_token
        exact = torch.promote_types(like.dtype, torch.float32)
        batch = [image.to(like.device) for image in as_images(images, self.data_range)]
        if self.check_range:
            check_values(batch, self.data_range)
        unit = [(image.to(exact) / self.data_range).clamp(0, 1) for image in batch]
        sequences = [tensor_sequence(image, self._facts.patches) for image in unit]
        pixels, cell, scale = (torch.cat(parts) for parts in zip(*sequences, strict=True))
        lengths = [len(sequence.cell) for sequence in sequences]
        return self.network.forward_packed(pixels.to(like.dtype), cell, scale, lengths).to(exact)

    def as_checkpoint(self) -> Checkpoint:
        """The checkpoint of the weights as they are now; trained on, it has lost what was measured on them."""
        state = self.network.state_dict()
        weights: Weights = {name: tensor.detach().cpu().float().numpy().copy() for name, tensor in state.items()}
        now = replace(self._facts, weights=weights, model=self.network.config)
        if now.id == self._origin:
            return now
        return replace(now, accuracy={}, population=None, calibration=None)

    def train(self, mode: bool = True) -> "ImageQuality":
        """Itself, in evaluation mode whatever is asked."""
        return super().train(False)


def as_images(images: Images, data_range: float = 1.0) -> list[Tensor]:
    """Each image alone, `(3, H, W)`.

    Raises:
        ValueError: they are no such tensors; names the shape and dtype.
    """
    batch = list(images) if not isinstance(images, Tensor) else [images] if images.ndim == 3 else list(images)
    for image in batch:
        if not isinstance(image, Tensor):
            raise ValueError(f"images must be {LIMIT}, got {type(image).__name__}")
        if image.ndim != 3 or image.shape[0] != 3 or 0 in image.shape:
            raise ValueError(f"images must be {LIMIT}, got {image.dtype} {tuple(image.shape)}")
        if image.dtype == torch.uint8 and data_range != 255:
            raise ValueError(f"uint8 images need data_range=255, not {data_range:g}")
        if not (image.is_floating_point() or image.dtype == torch.uint8):
            raise ValueError(f"images must be {LIMIT}, got {image.dtype}")
    if not batch:
        raise ValueError("no images")
    return batch


def check_values(images: Sequence[Tensor], data_range: float) -> None:
    """Refuses images in another range than [0, `data_range`]: those with many values far outside, so that training goes
    on where a few overshoot.

    Args:
        images: each `(3, H, W)`, all on one device, which is waited for once.

    Raises:
        ValueError: names the image and what is wrong with it.
    """
    low, high = -MARGIN * data_range, (1 + MARGIN) * data_range
    with torch.no_grad():
        parts = [((image < low) | (image > high)).float().mean() + 2 * image.isnan().any() for image in images]
        shares = torch.stack(parts).tolist()
    for index, share in enumerate(shares):
        if share > 1:
            raise ValueError(f"image {index} holds NaN")
        if share > MOST_STRAYS:
            raise ValueError(_out_of_range(index, images[index], share, data_range))


def _out_of_range(index: int, image: Tensor, share: float, data_range: float) -> str:
    ends = f"{float(image.min()):.3g} to {float(image.max()):.3g}"
    hint = "data_range=255 is for values of 0 to 255" if data_range == 1 else "data_range names another"
    return (
        f"image {index}: {share:.0%} of its values lie far outside [0, {data_range:g}], they go from {ends}; {hint}, "
        "check_range=False clamps them"
    )


def score_tensor(logits: Tensor, factor: float = 1.0) -> Tensor:
    """Scores `(B,)` of logits `(B, K)`, as `musiq.scores.mean_opinion` has them, with their gradients."""
    if logits.shape[-1] == len(RATINGS):
        ratings = torch.from_numpy(RATINGS).to(logits)
        return (logits.softmax(-1) * ratings).sum(-1)  # `@` would take half the bits under autocast
    return logits[:, 0] * factor


def map_tensor(scores: Tensor, own: OwnScale) -> Tensor:
    """Scores `(B,)` on a scale of one's own, as `OwnScale.apply` has them, with their gradients."""
    knots, values = np.asarray(own.scores), np.asarray(own.values)
    starts, rises, slopes = (
        torch.from_numpy(series).to(scores) for series in (knots[:-1], values[:-1], np.diff(values) / np.diff(knots))
    )
    line = torch.bucketize(scores.detach(), starts[1:], right=True)  # which one a score lies on; the ends go on
    return rises[line] + slopes[line] * (scores - starts[line])
