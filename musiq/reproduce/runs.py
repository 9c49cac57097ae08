"""The runs of an experiment: each row with each seed, trained, tested and kept; finished ones are not repeated."""

import hashlib
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from musiq import __version__
from musiq.data.record import DataSet, Record
from musiq.errors import RecipeError
from musiq.evaluate.correlations import agreement
from musiq.evaluate.files import Predictions, facts_path, read_predictions, write_predictions
from musiq.evaluate.predictions import map_ratings, rated_records
from musiq.progress import say
from musiq.scores import mean_opinion
from musiq.stem import InvertedFront
from musiq.train.distributed import World
from musiq.train.features import StemFeatures
from musiq.train.log import EPOCHS_FILE, read_rows
from musiq.train.loop import RunOptions, Trainer
from musiq.train.networks import Network, make_network
from musiq.train.recipe import Recipe
from musiq.train.result import CHECKPOINT_FOLDER
from musiq.train.tasks import make_task
from musiq.train.validate import Cut, CutPhoto, predict

PREDICTIONS, FEATURES, RUNS = "predictions.csv", "features", "runs"


@dataclass(frozen=True)
class Workshop:
    """Where and how the runs of experiments are carried out.

    Attributes:
        out: folder of all runs; experiments share the rows that they have in common.
        device: `cpu`, `cuda` or `mps`.
        workers: processes that decode ahead.
        initial: checkpoints to start from, by name of the recipe; the empty name is for every recipe of MUSIQ.
        keep_features: what frozen stems make of photos is kept under `out`.
    """

    out: Path
    device: str = "cpu"
    workers: int = 0
    initial: dict[str, str] = field(default_factory=dict)
    keep_features: bool = False

    @property
    def options(self) -> RunOptions:
        """How each run is trained."""
        return RunOptions(self.workers, features=self.out / FEATURES if self.keep_features else None, bare=True)

    def start(self, recipe: Recipe) -> Recipe:
        """The recipe with the checkpoint that it is to start from."""
        of_all = None if recipe.for_nima or recipe.name.startswith("vit") else self.initial.get("")
        return replace(recipe, initial=self.initial.get(recipe.name, of_all))

    def folder(self, recipe: Recipe, data: DataSet) -> Path:
        """Where a run is kept."""
        return self.out / RUNS / data_name(data) / recipe.name / f"seed{recipe.seed}"


def data_name(data: DataSet) -> str:
    """The set's name in the names of files: without the suffix of a CSV."""
    return data.name.removesuffix(".csv")


def reduce_data(data: DataSet, images: tuple[int | None, int | None, int | None]) -> DataSet:
    """The set with at most so many images of its splits train, val and test, drawn by seed 0; others are left out."""
    kept = list[Record]()
    for split, limit in zip(("train", "val", "test"), images, strict=True):
        found = [record for record in data.records if record.split == split]
        order = np.random.default_rng(0).permutation(len(found))[:limit]
        kept += [found[place] for place in sorted(order)]
    return replace(data, records=tuple(kept))


def finish_run(recipe: Recipe, trained: DataSet, tested: Sequence[DataSet], workshop: Workshop) -> list[Predictions]:
    """Trains a recipe, seed included, where that is not done yet, and tests it; the predictions on each tested set.

    Raises:
        RecipeError: the folder holds predictions of another run.
        DataError: an image cannot be read.
    """
    recipe = workshop.start(recipe)
    folder = workshop.folder(recipe, trained)
    paths = [folder / (PREDICTIONS if data == trained else f"on-{data_name(data)}.csv") for data in tested]
    for path, data in zip(paths, tested, strict=True):
        plan = _digest(recipe, trained, data)
        if not facts_path(path).exists():
            _test(recipe, trained, data, workshop, path, plan)
        elif (found := json.loads(facts_path(path).read_text())["plan"]) != plan:
            raise RecipeError(f"{path}: belongs to another run (plan {found}, now {plan}). Choose another --out")
    return [read_predictions(path) for path in paths]


def open_run(recipe: Recipe, data: DataSet, workshop: Workshop) -> Network:
    """The network of a run, which is trained first where it is not yet, in evaluation mode on the CPU."""
    finish_run(recipe, data, [data], workshop)
    recipe = workshop.start(recipe)
    return load_network(recipe, data, workshop.folder(recipe, data) / CHECKPOINT_FOLDER)


def _digest(recipe: Recipe, trained: DataSet, tested: DataSet) -> str:
    rows = [[record.name, repr(record.mos), record.split] for data in (trained, tested) for record in data.records]
    return hashlib.sha256(json.dumps([recipe.as_json(), rows]).encode()).hexdigest()[:16]


def _test(recipe: Recipe, trained: DataSet, tested: DataSet, workshop: Workshop, path: Path, plan: str) -> None:
    checkpoint, world = _train(recipe, trained, workshop), World(0, 1, torch.device(workshop.device))
    network = load_network(recipe, trained, checkpoint).to(world.device)
    records = rated_records(tested, ("test",))
    score = make_task(recipe, [trained]).score
    cut = cut_for(recipe, network, records, workshop)
    predicted = mean_opinion(predict(network, records, cut, world), score.factor)
    rated = map_ratings(records, tested, score)
    training = json.loads((checkpoint / "training.json").read_text())
    facts: dict[str, Any] = {
        "plan": plan,
        "musiq": __version__,
        "trained_on": trained.name,
        "data": tested.name,
        "splits": ["test"],
        "recipe": recipe.name,
        "seed": recipe.seed,
        "images": training["images"] | {"test": len(records)},
        "epoch": training["epoch"],
        "training_s": read_rows(path.parent / EPOCHS_FILE)[-1]["seconds"],
        "hardware": hardware(workshop.device),
        "figures": vars(agreement(predicted, rated)),
    }
    names = tuple(record.name for record in records)
    write_predictions(Predictions(path, names, rated, predicted, facts), [{}] * len(names))
    say(f"{path.parent}: SRCC {facts['figures']['srcc']:.4f}")


def _train(recipe: Recipe, data: DataSet, workshop: Workshop) -> Path:
    say(f"training {recipe.name}, seed {recipe.seed}, on {data.name}")
    world = World(0, 1, torch.device(workshop.device))
    return Trainer(recipe, [data], workshop.folder(recipe, data), world, workshop.options).fit()


def load_network(recipe: Recipe, data: DataSet, checkpoint: Path) -> Network:
    """The trained network of a run, in evaluation mode."""
    network = make_network(recipe.model, make_task(recipe, [data]).outputs)
    weights = {name: value.float() for name, value in load_file(checkpoint / "model.safetensors").items()}
    network.load_state_dict(weights)
    return network.eval().requires_grad_(False)


def cut_for(recipe: Recipe, network: Network, records: Sequence[Record], workshop: Workshop) -> Cut:
    """How these images become sequences for the network: from kept features where there are any."""
    features = workshop.options.features
    if features is None or not isinstance(network.stem, InvertedFront):
        return CutPhoto(recipe.patches)
    kept = StemFeatures.of(features, recipe, network.stem)
    kept.prepare(records, network.stem, torch.device(workshop.device))
    return kept


def hardware(device: str) -> str:
    """The machine in a few words."""
    if device == "cuda":
        return torch.cuda.get_device_name()
    return f"CPU {platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads"
