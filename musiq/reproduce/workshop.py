"""Where and how the runs of experiments are carried out, and which part of a data set they see."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from musiq.data.record import DataSet, Record
from musiq.train.loop import RunOptions
from musiq.train.recipe import Recipe

FEATURES, RUNS = "features", "runs"
Counts = tuple[int | None, int | None, int | None]


@dataclass(frozen=True)
class Workshop:
    """Where and how the runs of experiments are carried out.

    Attributes:
        out: folder of all runs of one scale; experiments share the rows that they have in common.
        device: `cpu`, `cuda` or `mps`.
        workers: processes that decode ahead.
        split_seed: of the part that validates, where a data set names none.
        starts: checkpoints to start from, by name of the recipe.
        keep_features: what frozen stems make of photos is kept under `out`.
    """

    out: Path
    device: str = "cpu"
    workers: int = 0
    split_seed: int = 0
    starts: Mapping[str, str] = field(default_factory=dict)
    keep_features: bool = False

    @property
    def options(self) -> RunOptions:
        """How each run is trained."""
        features = self.out / FEATURES if self.keep_features else None
        return RunOptions(self.workers, split_seed=self.split_seed, features=features, bare=True)

    def start(self, recipe: Recipe) -> Recipe:
        """The recipe with the checkpoint that it is to start from."""
        return replace(recipe, initial=self.starts.get(recipe.name, recipe.initial))

    def folder(self, recipe: Recipe, data: DataSet) -> Path:
        """Where a run is kept."""
        return self.out / RUNS / data_name(data) / recipe.name / f"seed{recipe.seed}"


def data_name(data: DataSet) -> str:
    """The set's name in the names of files: without the suffix of a CSV."""
    return data.name.removesuffix(".csv")


def reduce_data(data: DataSet, images: Counts, shorter_side_px: int | None = None) -> DataSet:
    """The part of a set that an experiment sees.

    Args:
        images: at most so many of its splits train, val and test, drawn by seed 0; others are left out.
        shorter_side_px: photos with a longer one are reduced to it.
    """
    kept = list[Record]()
    for split, limit in zip(("train", "val", "test"), images, strict=True):
        found = [record for record in data.records if record.split == split]
        order = np.random.default_rng(0).permutation(len(found))[:limit]
        kept += [found[place] for place in sorted(order)]
    if shorter_side_px is not None:
        kept = [_reduce(record, shorter_side_px) for record in kept]
    return replace(data, records=tuple(kept))


def _reduce(record: Record, shorter_side_px: int) -> Record:
    try:
        with Image.open(record.image) as image:
            larger = min(image.size) > (record.shorter_side_px or shorter_side_px)
    except OSError:
        return record  # reading it will tell what is wrong with it
    return replace(record, shorter_side_px=record.shorter_side_px or shorter_side_px) if larger else record
