"""The loop: recipe and records in, run folder and checkpoint folder out."""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console

from musiq.checkpoint import Checkpoint, save_checkpoint
from musiq.data.csv import Record
from musiq.data.loader import Sample, Steps, TrainBatch, iterate, ragged_batches
from musiq.evaluate.correlations import Agreement, agreement
from musiq.image import load_image
from musiq.model import MUSIQ
from musiq.patches import patchify
from musiq.progress import progress_bar
from musiq.runtime.export import export_graph
from musiq.sources import load_checkpoint
from musiq.train.allocator import keep_freed_memory
from musiq.train.initial import initialise
from musiq.train.losses import interval_l1
from musiq.train.recipe import Recipe
from musiq.train.samples import TrainSamples
from musiq.train.schedule import cosine
from musiq.train.state import RunState

LOG_FILE = "log.jsonl"
SAVE_EVERY_S = 120


class Trainer:
    """One run of a recipe.

    Args:
        recipe: the plan.
        train, val: rated images; `val` chooses the kept weights and is never trained on.
        run: folder for state, log and checkpoint; a run found there is continued.
        device: `cpu`, `cuda` or `mps`; bfloat16 autocast on CUDA.
        workers: processes that decode and augment ahead.
    """

    def __init__(
        self,
        recipe: Recipe,
        train: Sequence[Record],
        val: Sequence[Record],
        run: Path,
        *,
        device: str = "cpu",
        workers: int = 1,
    ) -> None:
        self.recipe, self.train_records, self.val_records = recipe, train, val
        self.run_dir, self.device, self.workers = run, torch.device(device), workers
        self.console = Console(file=sys.stderr)
        run.mkdir(parents=True, exist_ok=True)
        keep_freed_memory()
        torch.manual_seed(recipe.seed)
        model = MUSIQ(recipe.model)
        if recipe.initial is not None:
            initialise(model, load_checkpoint(recipe.initial))
        model = model.to(self.device)
        model.stem.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.state = RunState(model, make_optimizer(model, recipe), recipe.ema)
        if self.state.resume(run):
            self.console.print(f"resuming {run} at epoch {self.state.epoch + 1}, step {self.state.step + 1}")

    def fit(self) -> Path:
        """Trains to the end of the recipe; the folder of the best checkpoint."""
        while self.state.epoch < self.recipe.epochs:
            loss = self._train_epoch()
            self.state.epoch, self.state.step = self.state.epoch + 1, 0
            self._finish_epoch(loss)
            self.state.save(self.run_dir)
        return self.run_dir / "checkpoint"

    def _train_epoch(self) -> float:
        recipe, state = self.recipe, self.state
        steps = Steps(
            self.train_records,
            TrainSamples(recipe),
            images_per_step=recipe.images_per_step,
            tokens_per_batch=recipe.tokens_per_batch,
            seed=recipe.seed,
            epoch=state.epoch,
        )
        losses: list[float] = []
        started = saved = time.monotonic()
        with progress_bar(f"epoch {state.epoch + 1}/{recipe.epochs}", len(steps), state.step) as advance:
            for batches in iterate(steps, first=state.step, workers=self.workers):
                losses.append(self._step(batches, state.epoch * len(steps) + state.step, recipe.epochs * len(steps)))
                state.step += 1
                advance(f"loss {np.mean(losses[-50:]):.4f}")
                now = time.monotonic()
                state.seconds, started = state.seconds + now - started, now
                if now - saved > SAVE_EVERY_S:
                    state.save(self.run_dir)
                    saved = now
        return float(np.mean(losses)) if losses else float("nan")

    def _step(self, batches: list[TrainBatch], step: int, total_steps: int) -> float:
        model, optimizer = self.state.model.train(), self.state.optimizer
        rate = self.recipe.learning_rate * cosine(step, total_steps, self.recipe.warmup)
        for group in optimizer.param_groups:
            group["lr"] = rate
        images = sum(len(batch.low) for batch in batches)
        total = 0.0
        for batch in batches:
            loss = interval_l1(self._predict(model, batch), batch.low.to(self.device), batch.high.to(self.device))
            torch.autograd.backward(loss / images)
            total += loss.item() / images
        torch.nn.utils.clip_grad_norm_(model.parameters(), self.recipe.clip_norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        self.state.average(step)
        return total

    def _predict(self, model: MUSIQ, batch: TrainBatch) -> torch.Tensor:
        fields = (field.to(self.device) for field in (batch.pixels, batch.cell, batch.scale))
        valid = None if bool(batch.valid.all()) else batch.valid.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            return model(*fields, valid)[:, 0].float()

    def _finish_epoch(self, loss: float) -> None:
        row: dict[str, Any] = {"epoch": self.state.epoch, "loss": loss, "seconds": round(self.state.seconds)}
        if self.state.epoch % self.recipe.validate_every == 0 or self.state.epoch == self.recipe.epochs:
            result = self._validate()
            row |= {"val_srcc": result.srcc, "val_plcc": result.plcc, "val_rmse": result.rmse}
            if not result.srcc < self.state.best:
                self.state.best = result.srcc
                self._save_checkpoint(result)
        with open(self.run_dir / LOG_FILE, "a") as log:
            log.write(json.dumps(row) + "\n")
        self.console.print("  ".join(f"{key} {value:.4g}" for key, value in row.items()))

    @torch.no_grad()
    def _validate(self) -> Agreement:
        model, predicted, rated = self.state.ema, list[float](), list[float]()
        with progress_bar("validating", len(self.val_records)) as advance:
            for record in self.val_records:
                patches = patchify(load_image(record.image).pixels, self.recipe.patches)
                (batch,) = ragged_batches([Sample(patches, 0, 0)], self.recipe.tokens_per_batch)
                predicted.append(self._predict(model, batch).item())
                rated.append(self.recipe.target(record.mos))
                advance("")
        return agreement(np.array(predicted) * self.recipe.score.factor, np.array(rated) * self.recipe.score.factor)

    @cached_property
    def _graph(self) -> bytes:
        return export_graph(self.recipe.model)

    def _save_checkpoint(self, result: Agreement) -> None:
        weights = {name: value.detach().cpu().numpy() for name, value in self.state.ema.state_dict().items()}
        checkpoint = Checkpoint(
            name=self.recipe.name,
            weights=weights,
            model=self.recipe.model,
            patches=self.recipe.patches,
            score=self.recipe.score,
            training_data=self.recipe.training_data,
            licence=self.recipe.licence,
            accuracy={"validation": asdict(result)},
            graph=self._graph,
        )
        training = {
            "recipe": asdict(self.recipe),
            "epoch": self.state.epoch,
            "seconds": round(self.state.seconds),
            "images": {"train": len(self.train_records), "val": len(self.val_records)},
            "device": str(self.device),
            "torch": torch.__version__,
        }
        save_checkpoint(checkpoint, self.run_dir / "checkpoint", training)


def make_optimizer(model: MUSIQ, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW; weight decay on matrices and kernels only, not on norms, biases and embeddings."""
    decayed = [p for name, p in model.named_parameters() if p.ndim > 1 and name not in ("spatial", "scale")]
    chosen = {id(p) for p in decayed}
    rest = [p for p in model.parameters() if id(p) not in chosen]
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.999))
