"""What a frozen stem makes of each photo, kept in files: an experiment of many runs sees every photo once.

Where the stem's units keep their weights and photos are not augmented, their output is the same in every epoch of every
run, and takes most of the time. It is kept in float16, a file per photo and scale, so that pyramids share scales.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from musiq.data.loader import Sample
from musiq.data.record import Record
from musiq.errors import DataError, RecipeError
from musiq.patches import PatchBatch, PatchConfig, grid_shape, hash_cells, patchify, piece_tokens, pyramid_sizes
from musiq.progress import progress_bar
from musiq.stem import InvertedFront
from musiq.train.augment import Augment, View, thin
from musiq.train.recipe import Recipe
from musiq.train.tasks import Task

UNCHANGED = Augment(flip=0.0)
NOT_NEEDED = Image.new("RGB", (1, 1))  # in place of a photo whose features are at hand


@dataclass(frozen=True)
class StemFeatures:
    """The patch sequence of a photo with features in place of pixels: what a recipe's network takes as well.

    Attributes:
        folder: of the files of one stem and one way to cut patches.
        patches: the pyramid.
        units: frozen units that have seen the photos.
    """

    folder: Path
    patches: PatchConfig
    units: int

    @classmethod
    def of(cls, folder: Path, recipe: Recipe, stem: InvertedFront) -> "StemFeatures":
        """The features of a stem's frozen units under `folder`, in a folder of its own for weights and patches.

        Raises:
            RecipeError: the recipe changes all units, or the photos on the way.
        """
        cut_short = recipe.patches.longest_px is not None or recipe.max_native is not None
        if not recipe.freeze_units or recipe.augment != UNCHANGED or cut_short:
            raise RecipeError(f"recipe {recipe.name!r}: features can be kept of frozen stem units and unchanged photos")
        cut = replace(recipe.patches, longer_sides=(1,), native=False, grid_size=1)
        digest = hashlib.sha256(cut.id.encode())
        for part in (stem.conv, *stem.units[: recipe.freeze_units]):
            for value in part.state_dict().values():
                digest.update((value.detach().cpu().numpy() + 0.0).tobytes())  # averaging turns -0 into 0
        return cls(folder / digest.hexdigest()[:16], recipe.patches, recipe.freeze_units)

    def prepare(self, records: Sequence[Record], stem: InvertedFront, device: torch.device) -> None:
        """Makes the files that are not there yet.

        Raises:
            DataError: an image cannot be read.
        """
        missing = [record for record in records if any(not path.exists() for _, path in self._files(record))]
        if not missing:
            return
        with torch.no_grad(), progress_bar("seeing photos through the frozen stem", len(missing)) as advance:
            for record in missing:
                self._see(record, stem, device)
                advance("")

    def _see(self, record: Record, stem: InvertedFront, device: torch.device) -> None:
        image = record.needed_pixels()
        for scale, path in self._files(record):
            if path.exists():
                continue
            pixels = torch.from_numpy(patchify(image, scale).pixels[0])
            seen = [
                stem.see(run.to(device), self.units).cpu()
                for run in torch.split(pixels, piece_tokens(scale.patch_size))
            ]
            rows, columns = grid_shape(*pyramid_sizes(image.shape[0], image.shape[1], scale)[0], scale.patch_size)
            _save(path, torch.cat(seen).half().numpy().reshape(rows, columns, *seen[0].shape[1:]))

    def __call__(self, record: Record) -> PatchBatch:
        """The sequence, B = 1; `pixels` are float32 features `(1, L, C, P/stride, P/stride)`."""
        scales = [_load(path) for _, path in self._files(record)]
        cells = [hash_cells(scale.shape[0], scale.shape[1], self.patches.grid_size) for scale in scales]
        features = np.concatenate([scale.reshape(-1, *scale.shape[2:]) for scale in scales]).astype(np.float32)
        cell = np.concatenate(cells)
        scale = np.repeat(np.arange(len(cells)), [len(part) for part in cells])
        return PatchBatch(features[None], cell[None], scale[None], np.ones((1, len(cell)), bool))

    def _files(self, record: Record) -> list[tuple[PatchConfig, Path]]:
        """The pyramid's scales, each as a pyramid of its own, and the photo's file for it."""
        name = f"{hashlib.sha256(record.version.encode()).hexdigest()[:32]}.npy"
        scales = [replace(self.patches, longer_sides=(side,), native=False) for side in self.patches.longer_sides]
        if self.patches.native:
            scales.append(replace(self.patches, longer_sides=(), native=True))
        return [(scale, self.folder / "-".join(map(str, scale.longer_sides or ("native",))) / name) for scale in scales]


def _load(path: Path) -> NDArray[np.float16]:
    try:
        features: NDArray[np.float16] = np.load(path)
    except (OSError, EOFError, ValueError) as error:  # a power cut may leave a file without its content
        raise DataError(f"{path}: cannot be read: {error}; delete it, and it is made anew") from error
    return features


def _save(path: Path, features: NDArray[np.float16]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.npy")  # two experiments may see the same photo
    np.save(partial, features)
    partial.replace(path)


@dataclass(frozen=True)
class FeatureSamples:
    """Makes examples for training as `TrainSamples` does, from kept features."""

    recipe: Recipe
    task: Task
    features: StemFeatures

    def __call__(self, record: Record, rng: np.random.Generator) -> list[Sample]:
        """The photo as it is, alone."""
        quality = self.task.quality(record)
        view = View(NOT_NEEDED, (quality, quality))
        patches = self.features(record)
        if self.recipe.keep_tokens is not None:
            patches = thin(patches, self.recipe.keep_tokens, rng)
        return [Sample(patches, self.task.target(record, view), record.source)]
