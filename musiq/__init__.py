"""How good does a photo look? MUSIQ, the Multi-scale Image Quality Transformer (Ke et al., ICCV 2021)."""

from functools import cache
from typing import TYPE_CHECKING, Any

from musiq.checkpoint import Checkpoint
from musiq.deprecation import old_names
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

if not TYPE_CHECKING:  # a type checker that sees `__getattr__` takes every name for one of musiq's
    __getattr__, __dir__ = old_names(__name__, {})


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
