"""Pre-training without ratings: to know damage when one sees it.

Good photos come with damaged copies of themselves (`augment.py`). The network learns three things of each view: to
score it the lower the more it is damaged, which distortions it has, and how similar it is to the photo by SSIM (Wang et
al., "Image quality assessment: from error visibility to structural similarity", TIP 2004).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from musiq.data.loader import TrainBatch
from musiq.data.record import Record
from musiq.distortions import DISTORTIONS, LEVELS, distort
from musiq.errors import MissingExtraError
from musiq.scores import ScoreRange
from musiq.train.augment import View
from musiq.train.losses import shortfall

KINDS = tuple(DISTORTIONS)
SCORE, SIMILARITY, FIRST_KIND = 0, 1, 2  # places among the outputs, and among a target's numbers
KINDS_WEIGHT, SIMILARITY_WEIGHT = 0.2, 0.5  # beside the order of scores, which is what is wanted in the end


@dataclass(frozen=True)
class DamagedRecord(Record):
    """A photo as one level of a distortion leaves it; level 0 is the photo itself."""

    distortion: str = ""
    level: int = 0

    def pixels(self) -> NDArray[np.uint8]:
        pixels = super().pixels()
        if self.level == 0:
            return pixels
        return np.asarray(distort(Image.fromarray(pixels), self.distortion, self.level, np.random.default_rng(0)))


@dataclass(frozen=True)
class Damage:
    """Order, kind and amount of damage; judged by how often scores of validation photos fall from level to level."""

    outputs: int = FIRST_KIND + len(KINDS)
    score: ScoreRange = field(default_factory=ScoreRange)
    judged_by: str = "falls"

    @property
    def first_guess(self) -> Sequence[float]:
        return [0.0] * self.outputs

    def quality(self, record: Record) -> float:
        return 1.0  # only the distance to its copies matters

    def target(self, record: Record, view: View) -> NDArray[np.float32]:
        """Depth, similarity, and which kinds of distortion there are."""
        present = [float(kind in view.kinds) for kind in KINDS]
        return np.array([view.depth, similarity(view), *present], np.float32)

    def loss(self, logits: Tensor, batch: TrainBatch) -> Tensor:
        target = batch.target
        order = shortfall(logits[:, SCORE], target[:, SCORE], batch.photo)
        amount = (logits[:, SIMILARITY] - target[:, SIMILARITY]).abs()
        kinds = F.binary_cross_entropy_with_logits(logits[:, FIRST_KIND:], target[:, FIRST_KIND:], reduction="none")
        return order + SIMILARITY_WEIGHT * amount + KINDS_WEIGHT * kinds.sum(dim=1)

    def validation(self, records: Sequence[Record]) -> Sequence[Record]:
        """Each photo with the levels of one distortion, every kind in its turn."""
        return [
            DamagedRecord(**vars(record), distortion=KINDS[index % len(KINDS)], level=level)
            for index, record in enumerate(records)
            for level in range(LEVELS + 1)
        ]

    def measure(self, logits: NDArray[np.float64], records: Sequence[Record]) -> dict[str, float]:
        series = logits.reshape(-1, LEVELS + 1, self.outputs)
        wanted = np.array([KINDS.index(one.distortion) for one in records if isinstance(one, DamagedRecord)])
        guessed = series[:, 1:, FIRST_KIND:].argmax(axis=-1)
        return {
            "falls": float(np.mean(np.diff(series[..., SCORE], axis=1) < 0)),
            "kind": float(np.mean(guessed == wanted.reshape(-1, LEVELS + 1)[:, 1:])),
        }


def similarity(view: View) -> float:
    """SSIM of a view's luma to its photo's; 1 for the photo itself."""
    if view.original is None:
        return 1.0
    try:
        from skimage.metrics import structural_similarity
    except ImportError:
        raise MissingExtraError("similarity to the undamaged photo", "pretrain") from None
    pair = [np.asarray(image.convert("L")) for image in (view.original, view.image)]
    return float(structural_similarity(*pair))
