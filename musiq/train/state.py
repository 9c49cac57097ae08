"""Everything a run needs to go on where it stopped, in one file, written atomically."""

import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch

from musiq.data.loader import Position
from musiq.errors import RecipeError
from musiq.train.align import Learner

STATE_FILE, PREVIOUS_FILE = "state.pt", "state.previous.pt"


class RunState:
    """Learner, averaged weights, optimizer and position of a run. No random state: each step's follows its position.

    Attributes:
        epoch, step: the next epoch and the next step in it.
        best: best validation figure so far.
        seconds: time spent training, over all resumptions.
        losses: sum of the current epoch's losses per step.
    """

    def __init__(self, learner: Learner, optimizer: torch.optim.Optimizer, ema_decay: float) -> None:
        self.learner, self.optimizer, self.ema_decay = learner, optimizer, ema_decay
        self.ema = deepcopy(learner).eval().requires_grad_(False)
        self.epoch, self.step, self.best, self.seconds, self.losses = 0, 0, float("-inf"), 0.0, 0.0

    @property
    def position(self) -> Position:
        """(epoch, step) of the next step."""
        return self.epoch, self.step

    def average(self, updates: int) -> None:
        """Moves the averaged weights towards the learner's; early on the average forgets faster."""
        decay = min(self.ema_decay, (1 + updates) / (10 + updates)) if self.ema_decay else 0.0
        with torch.no_grad():
            for mean, value in zip(self.ema.parameters(), self.learner.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)
            for statistic, now in zip(self.ema.buffers(), self.learner.buffers(), strict=True):
                statistic.copy_(now)  # of batch normalisation: an average by itself

    def save(self, run: Path, plan: Mapping[str, Any]) -> None:
        """Writes the state to the run folder; a crash or a full disk leaves the file of the save before.

        Args:
            plan: what the run depends on, compared when it is resumed.

        Raises:
            RecipeError: the file cannot be written.
        """
        path, partial = run / STATE_FILE, run / f"{STATE_FILE}.partial"
        try:
            with open(partial, "wb") as file:
                torch.save(self._as_dict(plan), file)
                file.flush()
                os.fsync(file.fileno())
            _keep_previous(path)
            os.replace(partial, path)
        except (OSError, RuntimeError) as error:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise RecipeError(f"{path}: cannot be written: {error}; the state saved before is untouched") from error

    def _as_dict(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        position = {name: getattr(self, name) for name in ("epoch", "step", "best", "seconds", "losses")}
        return {
            "learner": self.learner.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "position": position,
            "plan": dict(plan),
        }

    def resume(self, run: Path, plan: Mapping[str, Any]) -> bool:
        """Loads the state of the run folder if it has one; whether it did.

        Raises:
            RecipeError: the file is damaged, or belongs to another plan.
        """
        path = run / STATE_FILE
        if not path.exists():
            return False
        try:
            _check_sums(path)
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises many kinds for a damaged file
            previous = run / PREVIOUS_FILE
            hint = f"; {previous} is the save before: put it in its place to go on" if previous.exists() else ""
            raise RecipeError(f"{path}: cannot be read: {error}{hint}") from error
        _check_plan(saved.get("plan", {}), plan, path)
        self.learner.load_state_dict(saved["learner"])
        self.ema.load_state_dict(saved["ema"])
        self.optimizer.load_state_dict(saved["optimizer"])
        for name, value in saved["position"].items():
            setattr(self, name, value)
        return True


def _check_sums(path: Path) -> None:
    """torch.load takes a file with changed bytes for good; the sums in its zip directory tell."""
    with zipfile.ZipFile(path) as file:
        broken = file.testzip()
    if broken is not None:
        raise ValueError(f"{broken} has been changed or damaged")


def _keep_previous(path: Path) -> None:
    if path.exists():
        previous = path.with_name(PREVIOUS_FILE)
        previous.unlink(missing_ok=True)
        os.link(path, previous)


def _check_plan(saved: Mapping[str, Any], plan: Mapping[str, Any], path: Path) -> None:
    unlike = list(_differences(saved, plan))
    if unlike:
        raise RecipeError(f"{path}: belongs to another run: {'; '.join(unlike)}. Choose another run folder")


def _differences(saved: Mapping[str, Any], plan: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """`recipe.epochs 5 -> 10` for each field that is not as it was."""
    for name in dict.fromkeys([*saved, *plan]):
        old, new, field = saved.get(name), plan.get(name), above + name
        if field == "data" and old != new:  # a hash
            yield "other images, ratings or splits"
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(old, new, f"{field}.")
        elif old != new:
            yield f"{field} {old!r} -> {new!r}"
