"""How good does a photo look? MUSIQ, the Multi-scale Image Quality Transformer (Ke et al., ICCV 2021)."""

from functools import cache
from typing import Any

from musiq.checkpoint import Checkpoint
from musiq.errors import CheckpointError, DataError, ImageError, MissingExtraError, MusiqError, RecipeError
from musiq.scorer import Scorer
from musiq.scores import Score
from musiq.sources import load_checkpoint

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "DataError",
    "ImageError",
    "MissingExtraError",
    "MusiqError",
    "RecipeError",
    "Score",
    "Scorer",
    "load_checkpoint",
    "score",
]
__version__ = "0.1.0"


def score(image: Any) -> Score:
    """The score of one image with the default checkpoint, loaded at the first call.

    Args:
        image: path, bytes, file object, PIL image, NumPy array or torch tensor; see `musiq.image.load_image`.

    Raises:
        ImageError: it cannot be read.
    """
    return _default_scorer().score(image)


@cache
def _default_scorer() -> Scorer:
    return Scorer.load("default")
