"""Scorers whose opinion of every pixel is known, and maps made by hand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from musiq.explain.maps import QualityMaps, ScaleMap
from musiq.explain.regions import Regions
from musiq.image import load_image
from tests.made import PHOTO

UNKNOWN = {"uncertainty": None, "interval": None, "coverage": None, "percentile": None, "population": None}
SCORE = replace(PHOTO, mos=60.0, band="good", checkpoint="by hand", training_data=(), **UNKNOWN)


class Brightness:
    """A runtime that answers with the mean of the pixels, from -1 to 1; it notes what it was asked."""

    one_core = None

    def __init__(self):
        self.asked = []

    def logits(self, images):
        self.asked += images
        return np.array([[image.batch().pixels.mean()] for image in images], np.float32)


def bright_scorer(checkpoint, **fields):
    """A scorer that likes light; its score is the photo's mean, 0 to 255."""

    def score(image):
        return replace(SCORE, mos=float(load_image(image).pixels.mean()), **fields)

    runtime = Brightness()
    return SimpleNamespace(
        checkpoint=checkpoint,
        runtime=runtime,
        score=score,
        score_many=lambda images: map(score, images),
        logits=lambda views: (runtime.logits([view]) for view in views),
    )


def even_regions(rows, columns):
    """Regions that tile the photo."""
    ends = [np.linspace(0, 1, count + 1) for count in (rows, columns)]
    return Regions(*(np.stack([side[:-1], side[1:]], 1) for side in ends))


def maps_of(*grids, **score):
    """Maps whose regions tile the photo."""
    arrays = [np.array(grid, np.float64) for grid in grids]
    scales = [ScaleMap(grid, even_regions(*grid.shape), 100 * (1 + i), f"map {i}") for i, grid in enumerate(arrays)]
    return QualityMaps(tuple(scales), replace(SCORE, **score))
