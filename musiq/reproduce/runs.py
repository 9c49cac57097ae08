"""The runs of an experiment, each trained, tested and kept; finished ones are not repeated."""

import hashlib
import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from musiq import __version__
from musiq.data.record import DataSet, Record
from musiq.errors import RecipeError
from musiq.evaluate.correlations import agreement
from musiq.evaluate.files import Predictions, facts_path, read_facts, read_predictions, write_predictions
from musiq.evaluate.predictions import map_ratings, rated_records
from musiq.progress import say
from musiq.reproduce.workshop import Workshop, data_name
from musiq.scores import mean_opinion
from musiq.stem import InvertedFront
from musiq.train.distributed import World
from musiq.train.features import StemFeatures
from musiq.train.lock import lock_run
from musiq.train.log import EPOCHS_FILE, read_rows
from musiq.train.loop import Trainer
from musiq.train.networks import Network, make_network
from musiq.train.recipe import Recipe
from musiq.train.result import CHECKPOINT_FOLDER
from musiq.train.tasks import make_task
from musiq.train.validate import Cut, CutPhoto, predict

PREDICTIONS, LOCK = "predictions.csv", "experiment.lock"


@dataclass(frozen=True)
class Run:
    """One network: what trains it, on what, and what it is tested on.

    Attributes:
        label: what messages call it.
        recipe: with its seed.
        trained: a data set, already reduced.
        tested: data sets, of which the split `test` is scored.
    """

    label: str
    recipe: Recipe
    trained: DataSet
    tested: tuple[DataSet, ...]


def finish_runs(name: str, runs: Sequence[Run], workshop: Workshop) -> list[list[Predictions]]:
    """The predictions of each run on each of its test sets; runs that are not finished yet are carried out first.

    Args:
        name: of the experiment, for messages.

    Raises:
        RecipeError: a run's folder holds another run.
        DataError: an image cannot be read.
    """
    waiting = [run for run in runs if not _is_finished(run, workshop)]
    if len(waiting) < len(runs):
        say(f"{name}: {len(runs) - len(waiting)} of {len(runs)} runs are finished already")
    started = time.monotonic()
    for index, run in enumerate(waiting):
        eta = f", ETA {(time.monotonic() - started) / index * (len(waiting) - index):.0f} s" if index else ""
        say(f"{name}: run {index + 1} of {len(waiting)}{eta}: {run.label}, seed {run.recipe.seed}")
        _finish(run, workshop)
    return [[read_predictions(_path(run, data, workshop)) for data in run.tested] for run in runs]


def open_run(recipe: Recipe, data: DataSet, workshop: Workshop) -> Network:
    """The network of a finished run, in evaluation mode on the CPU, for images as pixels."""
    network = make_network(recipe.model, make_task(recipe, [data]).outputs)
    path = workshop.folder(recipe, data) / CHECKPOINT_FOLDER / "model.safetensors"
    network.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    return network.eval().requires_grad_(False)


def _path(run: Run, data: DataSet, workshop: Workshop) -> Path:
    folder = workshop.folder(run.recipe, run.trained)
    return folder / (PREDICTIONS if data == run.trained else f"on-{data_name(data)}.csv")


def _is_finished(run: Run, workshop: Workshop) -> bool:
    tested = [_is_tested(run, data, workshop) for data in run.tested]
    return all(tested)


def _is_tested(run: Run, data: DataSet, workshop: Workshop) -> bool:
    path, plan = _path(run, data, workshop), digest(workshop.start(run.recipe), run.trained, data)
    if not path.exists() or not facts_path(path).exists():
        return False
    found = read_facts(facts_path(path)).get("plan")
    if found != plan:
        raise RecipeError(f"{path}: belongs to another run (plan {found}, now {plan}). Choose another --out")
    return True


def digest(recipe: Recipe, trained: DataSet, tested: DataSet) -> str:
    """Changes with the recipe, and with what either set says of its images."""
    sets = [
        [
            float(data.low),
            float(data.high),
            *([r.name, repr(r.mos), r.split, r.histogram, r.shorter_side_px] for r in data.records),
        ]
        for data in (trained, tested)
    ]
    return hashlib.sha256(json.dumps([recipe.as_json(), sets]).encode()).hexdigest()[:16]


def _finish(run: Run, workshop: Workshop) -> None:
    folder = workshop.folder(run.recipe, run.trained)
    folder.mkdir(parents=True, exist_ok=True)
    with lock_run(folder, LOCK, wait=True):
        if _is_finished(run, workshop):  # by another process, while we waited
            return
        world = World(0, 1, torch.device(workshop.device))
        Trainer(workshop.start(run.recipe), [run.trained], folder, world, workshop.options).fit()
        for data in run.tested:
            if not _is_tested(run, data, workshop):
                _test(run, data, workshop, world)


def _test(run: Run, data: DataSet, workshop: Workshop, world: World) -> None:
    """Scores the test images of a set and writes predictions and facts."""
    path, recipe = _path(run, data, workshop), workshop.start(run.recipe)
    network, score = open_run(recipe, run.trained, workshop).to(world.device), make_task(recipe, [run.trained]).score
    records = rated_records(data, ("test",))
    cut = _cut_for(recipe, network, records, workshop)
    predicted = mean_opinion(predict(network, records, cut, world), score.factor)
    rated = map_ratings(records, data, score)
    facts = {
        "plan": digest(recipe, run.trained, data),
        "musiq": __version__,
        "trained_on": run.trained.name,
        "data": data.name,
        "splits": ["test"],
        "recipe": recipe.name,
        "starts_from": starts_from(recipe),
        "seed": recipe.seed,
        **_training_facts(path.parent),
        "hardware": hardware(workshop.device),
        "figures": vars(agreement(predicted, rated)),
    }
    names = tuple(record.name for record in records)
    write_predictions(Predictions(path, names, rated, predicted, facts), [{}] * len(names))
    say(f"{path.parent}: SRCC {facts['figures']['srcc']:.4f} on {data.name}")


def _training_facts(folder: Path) -> dict[str, Any]:
    training = json.loads((folder / CHECKPOINT_FOLDER / "training.json").read_text())
    seconds = read_rows(folder / EPOCHS_FILE)[-1]["seconds"]
    return {"images": training["images"], "epoch": training["epoch"], "training_s": seconds}


def starts_from(recipe: Recipe) -> str:
    """Which weights the network has before it is trained, in a few words."""
    if recipe.initial is not None:
        return Path(recipe.initial).name
    if recipe.stem_initial is None:
        return "random weights"
    frozen = f", {recipe.freeze_units} units frozen" if recipe.freeze_units else ""
    return f"stem of {Path(recipe.stem_initial).name}{frozen}"


def _cut_for(recipe: Recipe, network: Network, records: Sequence[Record], workshop: Workshop) -> Cut:
    """How these images become sequences for the network: from kept features where there are any."""
    folder, stem = workshop.options.features, network.stem
    if folder is None or not isinstance(stem, InvertedFront):
        return CutPhoto(recipe.patches)
    features = StemFeatures.of(folder, recipe, stem)
    features.prepare(records, stem, torch.device(workshop.device))
    stem.kept = features.units
    return features


def hardware(device: str) -> str:
    """The machine in a few words."""
    if device == "cuda":
        return torch.cuda.get_device_name()
    threads = torch.get_num_threads()
    return f"CPU {platform.machine()}, {os.cpu_count()} cores, {threads} thread{'s' * (threads > 1)}"
