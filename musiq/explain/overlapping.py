"""Squares of 128 px of each scale that overlap by half, judged by themselves: contenders of local quality.

`regions_alone` gives the network their patches at that scale and nothing else, `crop_scores` scores them as photos.
"""

from collections.abc import Iterator
from itertools import product
from typing import cast

import numpy as np
from numpy.typing import NDArray

from musiq.explain.local import raw_values
from musiq.explain.maps import ScaleMap
from musiq.explain.regions import Regions, Span, as_regions
from musiq.patches import PatchConfig, PatchSequence, cut_patches, grid_shape, hash_cells, pyramid_sizes
from musiq.resize import Pixels, resize, to_unit_range
from musiq.scorer import Scorer
from musiq.scores import Score

REGION_PX = 128
Photo = NDArray[np.uint8]


def regions_alone(scorer: Scorer, image: Photo) -> tuple[ScaleMap, ...]:
    """What the network says of the patches of each region, as if the photo had no more and no other scale."""
    patches = scorer.checkpoint.patches
    sizes = pyramid_sizes(image.shape[0], image.shape[1], patches)
    native = len(sizes) - 1 if patches.native else None
    scales = (
        to_unit_range(image) if index == native else resize(image, size, patches.profile)
        for index, size in enumerate(sizes)
    )
    return tuple(_judge(scorer, pixels, index) for index, pixels in enumerate(scales))


def crop_scores(scorer: Scorer, image: Photo) -> tuple[ScaleMap, ...]:
    """The scores of the photo's crops at the regions of each scale."""
    patches = scorer.checkpoint.patches
    sizes = pyramid_sizes(image.shape[0], image.shape[1], patches)
    return tuple(_score(scorer, image, size, patches.patch_size) for size in sizes)


def overlapping(length: int, side: int) -> list[Span]:
    """First and last (exclusive) px of parts of `side` px, evenly from end to end and at most half of it apart."""
    if length <= side:
        return [(0, length)]
    gaps = -(-(length - side) // (side // 2))
    firsts = [round(index * (length - side) / gaps) for index in range(gaps + 1)]
    return [(first, first + side) for first in firsts]


def _spans(size: tuple[int, int], patch_size: int) -> tuple[list[Span], list[Span]]:
    side = patch_size * -(-REGION_PX // patch_size)
    return overlapping(size[0], side), overlapping(size[1], side)


def _judge(scorer: Scorer, pixels: Pixels, scale: int) -> ScaleMap:
    patches, size = scorer.checkpoint.patches, (pixels.shape[1], pixels.shape[2])
    rows, columns = _spans(size, patches.patch_size)
    cut = (pixels[:, slice(*row), slice(*column)] for row, column in product(rows, columns))
    values = raw_values(scorer, (_one_scale(part, patches, scale) for part in cut))
    return ScaleMap(values.reshape(len(rows), len(columns)), as_regions(rows, columns, size), max(size), "alone")


def _one_scale(pixels: Pixels, config: PatchConfig, scale: int) -> PatchSequence:
    patches = cut_patches(pixels, config.patch_size, config.padding)
    cells = hash_cells(*grid_shape(pixels.shape[1], pixels.shape[2], config.patch_size), config.grid_size)
    return PatchSequence(patches, None, cells, np.full(len(patches), scale, np.int64))


def _score(scorer: Scorer, image: Photo, size: tuple[int, int], patch_size: int) -> ScaleMap:
    regions = as_regions(*_spans(size, patch_size), size)
    scores = [cast(Score, score).mos for score in scorer.score_many(_crops(image, regions))]
    return ScaleMap(np.reshape(scores, regions.shape), regions, max(size), "crops")


def _crops(image: Photo, regions: Regions) -> Iterator[Photo]:
    height, width = image.shape[:2]
    for top, bottom in regions.rows:
        rows = slice(int(top * height), int(np.ceil(bottom * height)))
        for left, right in regions.columns:
            yield image[rows, int(left * width) : int(np.ceil(right * width))]
