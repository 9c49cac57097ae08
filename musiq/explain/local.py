"""Where a photo is good and where it is not: what the network says of each of its tiles, looked at closely.

For each scale of the pyramid the photo is cut into tiles of about 64 px of that scale. Each is resized to 128 px,
mostly enlarged, and given to the network as a photo of its own that has nothing but this. Tiles score low by
themselves, so all values of a map are shifted by one number: their median is the photo's score. docs/explain.md has the
measurements.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musiq.explain.maps import QualityMaps, ScaleMap
from musiq.explain.regions import as_regions, tile
from musiq.image import load_image
from musiq.patches import PatchSequence, native_size, patch_sequence, pyramid_sizes
from musiq.resize import shrink
from musiq.scorer import Scorer
from musiq.scores import Score, mean_opinion

TILE_PX = 64  # of a scale
MOST = 16  # tiles along the longer side: those of a scale of more px are larger
VIEW_PX = 128  # that a tile is resized to, at least: a patch of the default checkpoint


def local_quality(scorer: Scorer, image: Any) -> QualityMaps:
    """Maps of a photo's quality, one for each scale.

    Args:
        scorer: of any checkpoint and runtime.
        image: uint8 `(H, W, 3)` sRGB, or what else `musiq.image.load_image` takes.

    Raises:
        ImageError: it cannot be read, or breaks a limit of the scorer.
    """
    decoded, patches = load_image(image), scorer.checkpoint.patches
    score = scorer.score(decoded)
    size = native_size(decoded.pixels.shape[0], decoded.pixels.shape[1], patches)
    photo = decoded.pixels if size == decoded.pixels.shape[:2] else shrink(decoded.pixels, size)
    longest = [max(scale) for scale in pyramid_sizes(*size, patches)]
    return QualityMaps(tuple(_map_scale(scorer, photo, score, longest_px) for longest_px in longest), score)


def _map_scale(scorer: Scorer, photo: NDArray[np.uint8], score: Score, longest_px: int) -> ScaleMap:
    size = photo.shape[0], photo.shape[1]
    rows, columns = tile(size, min(MOST, -(-longest_px // TILE_PX)))
    tiles = (photo[slice(*row), slice(*column)] for row, column in product(rows, columns))
    regions = as_regions(rows, columns, size)
    raw = raw_values(scorer, _views(scorer, tiles)).reshape(regions.shape)
    caption = f"{longest_px} px: {len(rows)} x {len(columns)} regions"
    return ScaleMap(raw - np.median(raw) + score.mos, regions, longest_px, caption)


def _views(scorer: Scorer, tiles: Iterable[NDArray[np.uint8]]) -> Iterator[PatchSequence]:
    """Each tile as a photo of one scale, the smallest that the network knows."""
    patches = scorer.checkpoint.patches
    longest_px = patches.patch_size * -(-VIEW_PX // patches.patch_size)
    alone = replace(patches, longer_sides=(longest_px,), native=False, longest_px=None)
    return (patch_sequence(one, alone) for one in tiles)


def raw_values(scorer: Scorer, views: Iterator[PatchSequence]) -> NDArray[np.float64]:
    """What the network says of each, in the unit of the score, float64 `(views,)`."""
    logits = np.concatenate(list(scorer.logits(views)))
    raw, own = mean_opinion(logits, scorer.checkpoint.score.factor), scorer.checkpoint.own_scale
    return raw if own is None else own.apply(raw)
