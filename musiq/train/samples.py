"""A rated image -> one training example, as the recipe says."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from musiq.data.csv import Record
from musiq.data.loader import Sample
from musiq.image import load_image
from musiq.patches import patchify
from musiq.train.augment import thin
from musiq.train.recipe import Recipe


@dataclass(frozen=True)
class TrainSamples:
    """Makes examples for training: augmented, at most `max_native` native patches, thinned to `keep_tokens`."""

    recipe: Recipe

    def __call__(self, record: Record, rng: np.random.Generator) -> Sample:
        image = Image.fromarray(load_image(record.image).pixels)
        image, (low, high) = self.recipe.augment(image, self.recipe.target(record.mos), rng)
        patches = patchify(np.asarray(image), self.recipe.patches, self.recipe.max_native)
        if self.recipe.keep_tokens is not None:
            patches = thin(patches, self.recipe.keep_tokens, rng)
        return Sample(patches, low, high)
