"""Several data sets, one network: each further set's rating scale is a rising line over the network's score."""

import torch
from torch import Tensor, nn

from musiq.data.loader import TrainBatch
from musiq.train.networks import Network


class Alignment(nn.Module):
    """score -> exp(slope_s) * score + offset_s for data set s; the first set keeps the score as it is.

    Ratings of different studies differ in scale and severity but agree in order. The line is learned with the network
    and left behind when training ends: scores mean the first set's scale.
    """

    def __init__(self, sets: int, span: float) -> None:
        super().__init__()
        self.span = span
        self.slope = nn.Parameter(torch.zeros(sets - 1))
        self.offset = nn.Parameter(torch.zeros(sets - 1))  # in spans of the rating scale

    def forward(self, score: Tensor, source: Tensor) -> Tensor:
        """Scores `(B, 1)` of images from data sets `(B,)` on each set's own scale."""
        slope, offset = (torch.cat([table.new_zeros(1), table])[source] for table in (self.slope, self.offset))
        return slope.exp()[:, None] * score + self.span * offset[:, None]


class Learner(nn.Module):
    """What the optimizer sees: the network, and the alignment where there are several data sets."""

    def __init__(self, network: Network, alignment: Alignment | None = None) -> None:
        super().__init__()
        self.network = network
        self.alignment = alignment

    def forward(self, batch: TrainBatch) -> Tensor:
        """Logits `(B, K)`, aligned."""
        valid = None if bool(batch.valid.all()) else batch.valid
        logits: Tensor = self.network(batch.pixels, batch.cell, batch.scale, valid)
        return logits if self.alignment is None else self.alignment(logits.float(), batch.source)
