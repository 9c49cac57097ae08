"""An image -> one training example, as the recipe says."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from musiq.data.loader import Sample
from musiq.data.record import Record
from musiq.errors import DataError, ImageError
from musiq.patches import patchify
from musiq.train.augment import thin
from musiq.train.recipe import Recipe
from musiq.train.tasks import Task


@dataclass(frozen=True)
class TrainSamples:
    """Makes examples for training: augmented, at most `max_native` native patches, thinned to `keep_tokens`."""

    recipe: Recipe
    task: Task

    def __call__(self, record: Record, rng: np.random.Generator) -> Sample:
        try:
            image = Image.fromarray(record.pixels())
        except ImageError as error:
            raise DataError(str(error)) from error
        image, interval = self.recipe.augment(image, self.task.quality(record), rng)
        patches = patchify(np.asarray(image), self.recipe.patches, self.recipe.max_native)
        if self.recipe.keep_tokens is not None:
            patches = thin(patches, self.recipe.keep_tokens, rng)
        return Sample(patches, self.task.target(record, interval), record.source)
