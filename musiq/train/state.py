"""Everything a run needs to go on where it stopped, in one file, written atomically."""

import os
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch

from musiq.errors import RecipeError
from musiq.model import MUSIQ

STATE_FILE = "state.pt"


class RunState:
    """Model, averaged weights, optimizer and position of a run.

    Attributes:
        epoch, step: the next epoch and the next step in it.
        best: best validation SRCC so far.
        seconds: time spent training, over all resumptions.
    """

    def __init__(self, model: MUSIQ, optimizer: torch.optim.Optimizer, ema_decay: float) -> None:
        self.model, self.optimizer, self.ema_decay = model, optimizer, ema_decay
        self.ema = deepcopy(model).eval().requires_grad_(False)
        self.epoch, self.step, self.best, self.seconds = 0, 0, float("-inf"), 0.0

    def average(self, updates: int) -> None:
        """Moves the averaged weights towards the model's; early on the average forgets faster."""
        decay = min(self.ema_decay, (1 + updates) / (10 + updates)) if self.ema_decay else 0.0
        with torch.no_grad():
            for mean, value in zip(self.ema.parameters(), self.model.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)

    def save(self, run: Path) -> None:
        """Writes the state to the run folder; a crash leaves the previous file."""
        write_atomically(run / STATE_FILE, lambda path: torch.save(self._as_dict(), path))

    def _as_dict(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "position": {"epoch": self.epoch, "step": self.step, "best": self.best, "seconds": self.seconds},
            "torch_rng": torch.get_rng_state(),
        }

    def resume(self, run: Path) -> bool:
        """Loads the state of the run folder if it has one; whether it did."""
        path = run / STATE_FILE
        if not path.exists():
            return False
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
            self.model.load_state_dict(saved["model"])
            self.ema.load_state_dict(saved["ema"])
            self.optimizer.load_state_dict(saved["optimizer"])
        except Exception as error:  # torch raises many kinds for a damaged or foreign file
            raise RecipeError(f"{path}: cannot resume: {error}; is it from another recipe?") from error
        for name, value in saved["position"].items():
            setattr(self, name, value)
        torch.set_rng_state(saved["torch_rng"])
        return True


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Lets `write` fill a file beside `path`, then moves it there in one step."""
    partial = path.with_name(path.name + ".partial")
    write(partial)
    with open(partial, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(partial, path)
