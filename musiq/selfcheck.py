"""The test of a checkpoint that needs no ratings: a photo that is damaged step by step must score less and less.

Nobody has to say how good a photo is to know that it is better than its own blurred copy. What is counted are steps:
from the photo to level 1 of a distortion, from there to level 2, and so on to level 5.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from musiq.distortions import DISTORTIONS, FAMILIES, LEVELS, distort
from musiq.errors import ImageError
from musiq.image import image_name, load_image
from musiq.scorer import Scorer


@dataclass(frozen=True)
class Series:
    """Scores of one photo under one distortion.

    Attributes:
        image: path or name of the photo.
        distortion: a key of `DISTORTIONS`.
        scores: of the photo and of levels 1 to 5 of the distortion, `LEVELS` + 1 numbers.
    """

    image: str
    distortion: str
    scores: tuple[float, ...]


@dataclass(frozen=True)
class Falls:
    """How scores behave under one distortion, a family of them, or all.

    Attributes:
        name: of the distortion or family, or `all`.
        means: mean score of the photos and of each level, `LEVELS` + 1 numbers.
        by_level: share of photos whose score falls in the step to each level, `LEVELS` numbers.
        share: share of all these steps.
        steps: their number.
    """

    name: str
    means: tuple[float, ...]
    by_level: tuple[float, ...]
    share: float
    steps: int


def score_series(
    scorer: Scorer, photos: Iterable[Any], distortions: Sequence[str] = tuple(DISTORTIONS), seed: int = 0
) -> Iterator[Series | ImageError]:
    """For each photo and distortion its `Series`; the `ImageError` of a photo that cannot be scored stands in their
    place. The same seed makes the same noise.

    Args:
        photos: anything that `musiq.image.load_image` takes.
        distortions: keys of `DISTORTIONS`.
    """
    for photo in photos:
        name = str(photo) if isinstance(photo, str | Path) else image_name(photo)
        try:
            pixels = load_image(photo).pixels
            clean = scorer.score(pixels).mos
        except ImageError as error:
            yield error if str(error).startswith(name) else ImageError(f"{name}: {error}")
            continue
        yield from _series_of(scorer, name, Image.fromarray(pixels), clean, distortions, seed)


def _series_of(
    scorer: Scorer, name: str, photo: Image.Image, clean: float, distortions: Sequence[str], seed: int
) -> Iterator[Series]:
    results = scorer.score_many(_damaged(photo, distortions, seed))
    for kind in distortions:
        scores = [clean]
        for result in (next(results) for _ in range(LEVELS)):
            if isinstance(result, ImageError):
                raise result  # the photo itself could be scored
            scores.append(result.mos)
        yield Series(name, kind, tuple(scores))


def _damaged(photo: Image.Image, distortions: Sequence[str], seed: int) -> Iterator[NDArray[np.uint8]]:
    for kind in distortions:
        for level in range(1, LEVELS + 1):
            yield np.asarray(distort(photo, kind, level, np.random.default_rng(seed)))


def count_falls(series: Sequence[Series], higher_is_better: bool = True) -> list[Falls]:
    """A row per distortion, then per family, then over all."""
    found = {one.distortion for one in series}
    groups = [(kind, {kind}) for kind in DISTORTIONS if kind in found]
    families = {name: {kind.__name__ for kind in kinds} & found for name, kinds in FAMILIES.items()}
    groups += [(name, kinds) for name, kinds in families.items() if kinds]
    groups.append(("all", found))
    sign = 1 if higher_is_better else -1
    return [_falls(name, [one.scores for one in series if one.distortion in kinds], sign) for name, kinds in groups]


def _falls(name: str, rows: Sequence[tuple[float, ...]], sign: int) -> Falls:
    scores = np.array(rows).reshape(-1, LEVELS + 1)
    fell = sign * np.diff(scores, axis=1) < 0
    return Falls(
        name,
        tuple(scores.mean(axis=0).tolist()),
        tuple(fell.mean(axis=0).tolist()),
        float(fell.mean()),
        fell.size,
    )
