"""A loss that falls as photos look better, by a checkpoint's score."""

from pathlib import Path
from typing import Literal, get_args

from musiq.checkpoint import Checkpoint
from musiq.errors import MissingExtraError
from musiq.scores import ScoreRange

try:
    from torch import Tensor, nn
except ImportError:
    raise MissingExtraError("a loss in torch", "train") from None

from musiq.quality import ImageQuality, Images

Reduction = Literal["mean", "sum", "none"]


class QualityLoss(nn.Module):
    """The quality that images lack, as a number to minimise beside a loss that ties them to their original.

    Alone it is no aim: free pixels reach any score with patterns that nobody would like.

    Attributes:
        quality: what scores them; its weights are frozen, unless one was given whose weights are not.
        reduction: what the losses of several images become.
    """

    def __init__(
        self,
        checkpoint: str | Path | Checkpoint | ImageQuality = "default",
        *,
        reduction: Reduction = "mean",
        data_range: float = 1.0,
        check_range: bool = True,
    ) -> None:
        """
        Args:
            checkpoint: a name, a path or a loaded one; or an `ImageQuality`, which is shared as it is.
            reduction: `mean`, `sum` or `none`.
            data_range: as `ImageQuality` has it; one that is shared keeps its own.
            check_range: likewise.

        Raises:
            CheckpointError: the checkpoint is missing or malformed, or its outputs are no score.
            ValueError: another reduction, a range that is none, or another than that of the `ImageQuality` given.
        """
        super().__init__()
        self.reduction = check_reduction(reduction)
        self.quality = (
            _shared(checkpoint, data_range, check_range)
            if isinstance(checkpoint, ImageQuality)
            else ImageQuality(checkpoint, data_range=data_range, check_range=check_range)
        )

    def forward(self, images: Images) -> Tensor:
        """As `quality_loss`; a scalar, or `(N,)` for `none`.

        Args:
            images: as `ImageQuality.forward` takes them.
        """
        return quality_loss(self.quality(images), self.quality.score_range, self.reduction)


def _shared(quality: ImageQuality, data_range: float, check_range: bool) -> ImageQuality:
    if data_range not in (1, quality.data_range) or (not check_range and quality.check_range):
        raise ValueError(
            f"the ImageQuality has data_range={quality.data_range:g}, check_range={quality.check_range}; these hold"
        )
    return quality


def quality_loss(scores: Tensor, score_range: ScoreRange, reduction: Reduction = "mean") -> Tensor:
    """How far scores are from the best end of their range: 0 there, 1 at the worst end, beyond where they are.

    Where the range is unknown it is minus the score, or the score itself where lower is better, in its own unit.

    Args:
        scores: `(N,)`.
        score_range: range and direction, of `ImageQuality.score_range`.
        reduction: `mean`, `sum` or `none`.

    Returns:
        A scalar, or `(N,)` for `none`.
    """
    low, high = score_range.low, score_range.high
    if low is None or high is None:
        return reduce(-scores if score_range.higher_is_better else scores, reduction)
    missing = high - scores if score_range.higher_is_better else scores - low
    return reduce(missing / (high - low), reduction)


def reduce(values: Tensor, reduction: Reduction) -> Tensor:
    """Mean or sum of values `(N,)`, or the values."""
    if check_reduction(reduction) == "none":
        return values
    return values.mean() if reduction == "mean" else values.sum()


def check_reduction(reduction: Reduction) -> Reduction:
    """The reduction itself, if it is one."""
    if reduction not in get_args(Reduction):
        raise ValueError(f"reduction must be one of {', '.join(get_args(Reduction))}, got {reduction!r}")
    return reduction
