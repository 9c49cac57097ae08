"""A photo -> training examples, as the recipe says."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from musiq.data.loader import Sample
from musiq.data.record import Record
from musiq.patches import PatchBatch, patchify
from musiq.train.augment import View, thin
from musiq.train.recipe import Recipe
from musiq.train.tasks import Task


@dataclass(frozen=True)
class TrainSamples:
    """Makes examples for training: augmented, at most `max_native` native patches, thinned to `keep_tokens`."""

    recipe: Recipe
    task: Task

    def __call__(self, record: Record, rng: np.random.Generator) -> list[Sample]:
        """The photo's views, the photo itself first; all keep the same share of their tokens."""
        image = Image.fromarray(record.needed_pixels())
        views = self.recipe.augment(image, self.task.quality(record), rng)
        seed = int(rng.integers(2**32))
        return [Sample(self._cut(view, seed), self.task.target(record, view), record.source) for view in views]

    def _cut(self, view: View, seed: int) -> PatchBatch:
        patches = patchify(np.asarray(view.image), self.recipe.patches, self.recipe.max_native)
        if self.recipe.keep_tokens is None:
            return patches
        return thin(patches, self.recipe.keep_tokens, np.random.default_rng(seed))
