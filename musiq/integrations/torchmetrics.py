"""Scores as a metric of torchmetrics, over all images of an epoch and of all processes."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from musiq.checkpoint import Checkpoint
from musiq.errors import MissingExtraError
from musiq.scores import ScoreRange

try:
    import torch
    from torchmetrics import Metric
    from torchmetrics.utilities.data import dim_zero_cat
except ImportError:
    raise MissingExtraError("the metric of torchmetrics", "torchmetrics") from None

from torch import Tensor, nn

from musiq.loss import Reduction, check_reduction, reduce
from musiq.quality import ImageQuality, Images, as_images

Network = Callable[[Images], Tensor]


class MUSIQScore(Metric):
    """The score of images, without a reference: its mean or sum over all of them, or each.

    `forward` gives the batch's value with gradients to its pixels, `update` keeps no graph. The network is copied and
    pickled with the metric and moves with it (`.to`), but is no part of what holds the metric: not of its `state_dict`,
    parameters or training mode. `set_dtype` leaves it alone, and states below float32 too, for half precision would
    miscount.

    Attributes:
        reduction: what the scores become.
        total: sum of the scores (`mean`, `sum`).
        count: number of the images (`mean`, `sum`).
        scores: of each update (`none`).
    """

    is_differentiable = True
    full_state_update = False
    total: Tensor
    count: Tensor
    scores: list[Tensor] | Tensor

    def __init__(
        self,
        checkpoint: str | Path | Checkpoint | None = None,
        *,
        reduction: Reduction = "mean",
        data_range: float = 1.0,
        check_range: bool = True,
        network: Network | None = None,
        **kwargs: Any,
    ) -> None:
        """
        Args:
            checkpoint: a name, a path or a loaded one; None is the default checkpoint.
            reduction: `mean`, `sum` or `none`.
            data_range: as `ImageQuality` has it.
            check_range: likewise.
            network: in place of a checkpoint anything that makes scores `(N,)` of the images as they come, as an
                `ImageQuality` does; one without `score_range` leaves range and direction open.
            kwargs: what every `torchmetrics.Metric` takes.

        Raises:
            CheckpointError: the checkpoint is missing or malformed, or its outputs are no score.
            ValueError: another reduction, a range that is none, `network` beside what only a checkpoint needs, or
                unknown `kwargs`.
        """
        super().__init__(**kwargs)
        self.reduction = check_reduction(reduction)
        network = _choose(network, checkpoint, data_range, check_range)
        self._network = (network,)  # in a tuple, so that torch does not take it for a part of this module
        if reduction == "none":
            self.add_state("scores", [], dist_reduce_fx="cat")
        else:
            self.add_state("total", torch.tensor(0.0), dist_reduce_fx="sum")
            self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    @property
    def network(self) -> Network:
        """What scores images."""
        return self._network[0]

    @property
    def score_range(self) -> ScoreRange | None:
        """Range and direction of the scores; None where a network does not say."""
        return getattr(self.network, "score_range", None)

    @property
    def higher_is_better(self) -> bool | None:  # type: ignore[override]  # torchmetrics has them as attributes
        return None if self.score_range is None else self.score_range.higher_is_better

    @property
    def plot_lower_bound(self) -> float | None:  # type: ignore[override]
        return None if self.score_range is None else self.score_range.low

    @property
    def plot_upper_bound(self) -> float | None:  # type: ignore[override]
        return None if self.score_range is None else self.score_range.high

    def update(self, images: Images) -> None:
        """Scores images and keeps what `compute` needs.

        Args:
            images: `(N, 3, H, W)`, or a list of `(3, H, W)` of different sizes, as `ImageQuality.forward` takes them.
        """
        scores = _ask(self.network, images).to(self.device, self.dtype)
        if self.reduction == "none":
            assert isinstance(self.scores, list)
            self.scores.append(scores)
        else:
            self.total = self.total + scores.sum()
            self.count = self.count + len(scores)

    def compute(self) -> Tensor:
        """Mean (NaN of no images) or sum of all scores, or the scores `(N,)`, process after process; torchmetrics makes
        a number of a single one."""
        if self.reduction == "none":
            return dim_zero_cat(self.scores) if len(self.scores) else torch.empty(0, device=self.device)
        return self.total / self.count if self.reduction == "mean" else self.total

    def plot(self, val: Tensor | Sequence[Tensor] | None = None, ax: Any = None) -> Any:
        """Figure and axes of one value or of several in their order.

        Args:
            val: what `forward` or `compute` gave, or a list of such; None is `compute()`.
            ax: Matplotlib axes to draw on.
        """
        return self._plot(val, ax)

    def set_dtype(self, dst_type: str | torch.dtype) -> "MUSIQScore":
        """Itself with states of this type, but at least float32."""
        if isinstance(dst_type, torch.dtype):
            dst_type = torch.promote_types(dst_type, torch.float32)
        super().set_dtype(dst_type)
        return self

    def extra_repr(self) -> str:
        return f"{type(self.network).__name__}, reduction={self.reduction!r}"

    def _apply(self, fn: Callable[..., Any], exclude_state: Sequence[str] = "") -> nn.Module:
        super()._apply(fn, exclude_state)
        if isinstance(self.network, nn.Module):
            self.network.to(self.device)
        return self


def musiq_score(
    images: Images,
    checkpoint: str | Path | Checkpoint | None = None,
    *,
    reduction: Reduction = "mean",
    data_range: float = 1.0,
    check_range: bool = True,
    network: Network | None = None,
) -> Tensor:
    """What `MUSIQScore` gives of these images alone, with gradients to their pixels, where they are.

    A checkpoint that is given by name or path is read at the first call, and kept; one that is loaded already is copied
    into a network at each call: `network=ImageQuality(checkpoint)` saves that.

    Args:
        images: as `MUSIQScore.update` takes them; the others as `MUSIQScore` has them.
    """
    check_reduction(reduction)
    if network is None and not isinstance(checkpoint, Checkpoint):
        device = as_images(images, data_range)[0].device
        network = _kept(str(checkpoint or "default"), data_range, check_range, device)
    else:
        network = _choose(network, checkpoint, data_range, check_range)
    return reduce(_ask(network, images), reduction)


def _choose(
    network: Network | None, checkpoint: str | Path | Checkpoint | None, data_range: float, check_range: bool
) -> Network:
    if network is None:
        return ImageQuality(checkpoint or "default", data_range=data_range, check_range=check_range)
    if checkpoint is not None or data_range != 1 or not check_range:
        raise ValueError("a network reads images as they come: checkpoint, data_range and check_range are not for it")
    return network


@lru_cache(maxsize=2)
def _kept(checkpoint: str, data_range: float, check_range: bool, device: torch.device) -> ImageQuality:
    return ImageQuality(checkpoint, data_range=data_range, check_range=check_range).to(device)


def _ask(network: Network, images: Images) -> Tensor:
    scores = network(images)
    if not isinstance(scores, Tensor) or scores.ndim != 1:
        kind = f"shape {tuple(scores.shape)}" if isinstance(scores, Tensor) else type(scores).__name__
        raise ValueError(f"the network must give scores of shape (N,), got {kind}")
    return scores
