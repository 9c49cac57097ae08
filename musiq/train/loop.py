"""The loop: recipe and data sets in, run folder and checkpoint folder out."""

import hashlib
import json
import math
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from musiq.checkpoint import Checkpoint
from musiq.data.loader import Position, SampleMaker, Step, Steps, iterate
from musiq.data.record import DataSet, Record
from musiq.data.split import train_and_validation
from musiq.errors import RecipeError
from musiq.nima import NIMA, load_backbone
from musiq.progress import progress_bar, say
from musiq.sources import load_checkpoint
from musiq.stem import InvertedFront
from musiq.train.align import Alignment, Learner
from musiq.train.allocator import keep_freed_memory
from musiq.train.distributed import World
from musiq.train.features import FeatureSamples, StemFeatures
from musiq.train.initial import begin_at, initialise
from musiq.train.lite0 import load_imagenet_stem
from musiq.train.lock import lock_run
from musiq.train.log import STEPS_FILE, RunLog
from musiq.train.networks import Network, make_network
from musiq.train.optimizer import make_optimizer, set_rate
from musiq.train.recipe import Recipe
from musiq.train.result import CHECKPOINT_FOLDER, Result
from musiq.train.samples import TrainSamples
from musiq.train.schedule import cosine
from musiq.train.seen import list_training_images
from musiq.train.state import RunState
from musiq.train.stop import StopRequest
from musiq.train.tasks import Opinion, make_task
from musiq.train.validate import Cut, CutPhoto, predict

SAVE_EVERY_S = 120.0


@dataclass(frozen=True)
class RunOptions:
    """How a run is carried out; nothing here changes what it computes, save the split, and `features` by a rounding.

    Attributes:
        workers: processes that decode and augment ahead, per training process.
        save_every_s: seconds between saves of the state within an epoch.
        split_seed: of random splits, where a data set has none.
        features: folder for what a frozen stem makes of the photos, so that it sees each only once, in all runs
            together; None keeps nothing.
        bare: the checkpoint gets neither graphs to score without torch nor the list of training images: for the many
            runs of an experiment.
    """

    workers: int = 1
    save_every_s: float = SAVE_EVERY_S
    split_seed: int = 0
    features: Path | None = None
    bare: bool = False


class Trainer:
    """One run of a recipe, in one process or as one of several.

    Args:
        recipe: the plan.
        sets: data sets with their splits named; the `val` images choose the kept weights and are never trained on.
        run: folder for state, log and checkpoint; a run found there is continued.
        world: this process among its fellows; bfloat16 autocast where its device is CUDA.

    Raises:
        DataError: a data set is unfit for the recipe.
        RecipeError: the recipe does not fit the data, or the run folder holds another run.
    """

    def __init__(
        self, recipe: Recipe, sets: Sequence[DataSet], run: Path, world: World, options: RunOptions | None = None
    ) -> None:
        self.recipe, self.run, self.world, self.options = recipe, run, world, options or RunOptions()
        self.task = make_task(recipe, sets)
        self.train_records, val_records = _divide(sets, self.options.split_seed)
        self.val_records = self.task.validation(val_records)
        run.mkdir(parents=True, exist_ok=True)
        keep_freed_memory()
        torch.manual_seed(recipe.seed)
        start = None if recipe.initial is None or recipe.for_nima else load_checkpoint(recipe.initial)
        learner = self._make_learner(start, len(sets)).to(world.device)
        self.state = RunState(learner, make_optimizer(learner, recipe), recipe.ema)
        self.plan = {"recipe": recipe.as_json(), "data": _digest(self.train_records, self.val_records)}
        self._say_where(found=self.state.resume(run, self.plan))
        self.module = self._wrap(learner)
        self.cut, samples = self._make_samples(learner.network)
        self.steps = Steps(
            self.train_records,
            samples,
            images_per_step=recipe.images_per_step,
            tokens_per_batch=recipe.tokens_per_batch,
            seed=recipe.seed,
            weights=recipe.weights,
            rank=world.rank,
            world=world.size,
        )
        self.result = self._make_result(sets, start)

    def _say_where(self, *, found: bool) -> None:
        """Says where a run goes on that was begun before."""
        state, epochs = self.state, self.recipe.epochs
        if found and state.epoch >= epochs:
            self._say(f"{self.run}: already finished, after {epochs} epochs")
        elif found:
            self._say(f"resuming {self.run} at epoch {state.epoch + 1}, step {state.step + 1}")
        elif (self.run / STEPS_FILE).exists():
            self._say(f"{self.run}: stopped before anything had been saved; starting from the beginning")

    def _make_learner(self, start: Checkpoint | None, sets: int) -> Learner:
        network = make_network(self.recipe.model, self.task.outputs)
        begin_at(network, self.task.first_guess)
        if self.recipe.stem_initial is not None:
            load_imagenet_stem(network.stem, self.recipe.stem_initial)
        if isinstance(network, NIMA):
            if self.recipe.initial is not None:
                load_backbone(network, Path(self.recipe.initial))
        elif start is not None:
            for note in initialise(network, start, self.recipe.patches, self.task.score):
                self._say(f"starting from {start.name}: {note}")
        network.stem.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if sets > 1 and self.recipe.align and isinstance(self.task, Opinion):
            return Learner(network, Alignment(sets, self.task.span))
        return Learner(network)

    def _make_samples(self, network: Network) -> tuple[Cut, SampleMaker]:
        """How photos become sequences: whole ones to be measured, and training examples."""
        if self.options.features is None or not isinstance(network.stem, InvertedFront):
            return CutPhoto(self.recipe.patches), TrainSamples(self.recipe, self.task)
        features = StemFeatures.of(self.options.features, self.recipe, network.stem)
        features.prepare([*self.train_records, *self.val_records], network.stem, self.world.device)
        for one in (network, self.state.ema.network):
            one.stem.kept = features.units
        return features, FeatureSamples(self.recipe, self.task, features)

    def _wrap(self, learner: Learner) -> nn.Module:
        if self.recipe.compile:
            learner.network.compile(dynamic=True)
        if self.world.size == 1:
            return learner
        return DistributedDataParallel(learner, broadcast_buffers=False)

    def _make_result(self, sets: Sequence[DataSet], start: Checkpoint | None) -> Result | None:
        if not self.world.leads:
            return None
        facts = {
            "data": [data.name for data in sets],
            "split_seed": self.options.split_seed,
            "images": {"train": len(self.train_records), "val": len(self.val_records)},
            "device": str(self.world.device),
            "processes": self.world.size,
        }
        unlisted = self.options.bare or self.recipe.task in ("classes", "damage")
        rated = [] if unlisted else [*self.train_records, *self.val_records]
        seen = list_training_images(rated, start, self.run, self.options.workers)
        return Result(self.run, self.recipe, self.task, sets, start, seen, facts, bare=self.options.bare)

    def fit(self) -> Path:
        """Trains to the end of the recipe; the folder of the best checkpoint.

        Raises:
            StoppedError: SIGTERM or SIGINT came; the state is saved.
            RecipeError: another process is training in the run folder, the disk does not take the state, or training
                diverges.
        """
        with lock_run(self.run) if self.world.leads else nullcontext():
            self._fit()
        return self.run / CHECKPOINT_FOLDER

    def _fit(self) -> None:
        self.world.wait()
        log = RunLog(self.run, self.state.position, len(self.steps)) if self.world.leads else None
        stream = iterate(
            self.steps,
            self.recipe.epochs,
            first=self.state.position,
            workers=self.options.workers,
            prepare=keep_freed_memory,
        )
        try:
            with StopRequest() as stop:
                while self.state.epoch < self.recipe.epochs:
                    self._train_epoch(stream, log, stop)
                    self._finish_epoch(log)
        finally:
            stream.close()
            if log is not None:
                log.close()
        self.world.wait()

    def _train_epoch(self, stream: Any, log: RunLog | None, stop: StopRequest) -> None:
        state, steps = self.state, len(self.steps)
        title = f"epoch {state.epoch + 1}/{self.recipe.epochs}"
        started = saved = time.monotonic()
        with progress_bar(title, steps, state.step, live=self.world.leads, eta="epoch ends in") as advance:
            while state.step < steps:
                row = self._step(next(stream))
                self._refuse_divergence(row["loss"])
                state.losses += row["loss"]
                if log is not None:
                    log.write_step(state.position, row)
                state.step += 1
                now = time.monotonic()
                state.seconds, started = state.seconds + now - started, now
                if now - saved > self.options.save_every_s or stop.requested:
                    self._save(log)
                    saved = now
                stop.raise_if_requested(self.run)
                advance(f"loss {state.losses / state.step:.4f}")

    def _refuse_divergence(self, loss: float) -> None:
        if not math.isfinite(loss):
            place = f"epoch {self.state.epoch + 1}, step {self.state.step + 1}"
            raise RecipeError(
                f"{self.run}: the loss is {loss} at {place}: training has diverged. Lower the learning rate or clip "
                "gradients in a new run folder; this one keeps its last good state and checkpoint"
            )

    def _step(self, step: Step) -> dict[str, float]:
        """One optimizer step; its figures, the loss as the mean over the images of all processes."""
        learner, optimizer = self.module.train(), self.state.optimizer
        number = self.state.epoch * len(self.steps) + self.state.step
        rate = self.recipe.learning_rate * cosine(number, len(self.steps) * self.recipe.epochs, self.recipe.warmup)
        set_rate(optimizer, rate)
        torch.manual_seed(_seed_of(self.recipe.seed, self.state.position, self.world.rank))
        loss = torch.zeros((), device=self.world.device)
        for index, cpu_batch in enumerate(step.batches):
            batch = cpu_batch.to(self.world.device)
            with self._gradients_stay_here(last=index == len(step.batches) - 1):
                with self.world.precision():
                    logits = learner(batch).float()
                of_image = self.task.loss(logits, batch)
                part = (of_image * batch.weight).sum() / step.images
                torch.autograd.backward(part * self.world.size)  # DDP takes the mean over processes
            loss += part.detach()
        norm = nn.utils.clip_grad_norm_(learner.parameters(), self.recipe.clip_norm or float("inf"))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        self.state.average(number)
        total = sum(sum(ours) for ours in self.world.gather([loss.item()]))
        return {"loss": total, "rate": rate, "gradient_norm": norm.item()}

    def _gradients_stay_here(self, last: bool) -> AbstractContextManager[None]:
        """Processes exchange gradients once per step, at its last batch."""
        if isinstance(self.module, DistributedDataParallel) and not last:
            return self.module.no_sync()
        return nullcontext()

    def _finish_epoch(self, log: RunLog | None) -> None:
        state, recipe = self.state, self.recipe
        loss = state.losses / len(self.steps)
        state.epoch, state.step, state.losses = state.epoch + 1, 0, 0.0
        row: dict[str, Any] = {"epoch": state.epoch, "loss": loss, "seconds": round(state.seconds)}
        if state.epoch % recipe.validate_every == 0 or state.epoch == recipe.epochs:
            logits = predict(state.ema.network, self.val_records, self.cut, self.world)
            figures = self.task.measure(logits, self.val_records)
            row |= {f"val_{name}": value for name, value in figures.items()}
            self._keep_if_best(figures)
        if log is not None:
            log.write_epoch(row)
        self._say("  ".join(f"{key} {value:.4g}" for key, value in row.items()))
        self._save(log)

    def _keep_if_best(self, figures: dict[str, float]) -> None:
        judged = figures[self.task.judged_by]
        judged = float("-inf") if math.isnan(judged) else judged  # of constant predictions
        if judged < self.state.best:
            return
        self.state.best = judged
        if self.result is not None:
            facts = {"epoch": self.state.epoch, "seconds": round(self.state.seconds)}
            self.result.save(self.state.ema.network, figures, facts)

    def _save(self, log: RunLog | None) -> None:
        if log is not None:
            log.flush()
            self.state.save(self.run, self.plan)

    def _say(self, text: str) -> None:
        if self.world.leads:
            say(text)


def _divide(sets: Sequence[DataSet], seed: int) -> tuple[list[Record], list[Record]]:
    """Training and validation images of all data sets, each marked with its set's number."""
    parts: tuple[list[Record], list[Record]] = [], []
    for source, data in enumerate(sets):
        for part, records in zip(parts, train_and_validation(data, seed), strict=True):
            part += [replace(record, source=source) for record in records]
    return parts


def _digest(*parts: Sequence[Record]) -> str:
    """Changes when an image is added, dropped, renamed or rated anew."""
    rows = [[[r.source, r.name, repr(r.mos), r.histogram, r.label] for r in records] for records in parts]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _seed_of(seed: int, position: Position, rank: int) -> int:
    return int(np.random.SeedSequence((seed, *position, rank)).generate_state(1, np.uint64)[0] >> 1)
