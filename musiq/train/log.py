"""The figures of a run: `steps.jsonl`, `log.jsonl` (epochs), TensorBoard events and a curve."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from musiq.atomic import write_file
from musiq.data.loader import Position

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEPS_FILE, EPOCHS_FILE, CURVE_FILE, EVENTS_FOLDER = "steps.jsonl", "log.jsonl", "curve.png", "tensorboard"
# key in an epoch's row -> name
JUDGES = {"val_srcc": "SRCC", "val_accuracy": "accuracy", "val_falls": "share of falls"}
Row = dict[str, Any]


class RunLog:
    """Writes a run's figures; on resumption what lies beyond the resumed step is dropped and written again.

    Args:
        run: the run folder.
        first: (epoch, step) at which the run goes on.
        steps: steps of one epoch.
    """

    def __init__(self, run: Path, first: Position, steps: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.run, self.steps = run, steps
        _keep(run / STEPS_FILE, lambda row: (row["epoch"], row["step"]) < first)
        _keep(run / EPOCHS_FILE, lambda row: row["epoch"] <= first[0])
        self.step_rows = open(run / STEPS_FILE, "a")  # noqa: SIM115  closed in `close`
        self.events = SummaryWriter(str(run / EVENTS_FOLDER), purge_step=first[0] * steps + first[1])

    def write_step(self, position: Position, row: Row) -> None:
        """A step's figures, `position` its (epoch, step) from 0."""
        self.step_rows.write(json.dumps({"epoch": position[0], "step": position[1]} | row) + "\n")
        for name, value in row.items():
            self.events.add_scalar(f"step/{name}", value, position[0] * self.steps + position[1])

    def write_epoch(self, row: Row) -> None:
        """An epoch's figures; `epoch` counts from 1."""
        self.flush()
        with open(self.run / EPOCHS_FILE, "a") as file:
            file.write(json.dumps(row) + "\n")
        for name, value in row.items():
            if name != "epoch":
                self.events.add_scalar(f"epoch/{name}", value, row["epoch"])
        if any(name.startswith("val_") for name in row):
            draw_curve(self.run, self.steps)

    def flush(self) -> None:
        """Hands everything written to the operating system."""
        self.step_rows.flush()
        self.events.flush()

    def close(self) -> None:
        self.step_rows.close()
        self.events.close()


def read_rows(path: Path) -> list[Row]:
    """The rows of a JSONL file; a last line that a crash cut short is left out."""
    rows = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return rows


def _keep(path: Path, wanted: Callable[[Row], bool]) -> None:
    """Drops the other rows of a file, in one step."""
    if path.exists():
        write_file(path, "".join(json.dumps(row) + "\n" for row in read_rows(path) if wanted(row)).encode())


def draw_curve(run: Path, steps: int) -> None:
    """Loss per step, smoothed, and validation figure per epoch, as `curve.png` in the run folder."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    _draw_loss(axes, [row["loss"] for row in read_rows(run / STEPS_FILE)], steps)
    _draw_validation(axes.twinx(), read_rows(run / EPOCHS_FILE))
    figure.legend(loc="outside upper center", ncols=2)
    figure.savefig(run / CURVE_FILE, dpi=120)


def _draw_loss(axes: "Axes", losses: list[float], steps: int) -> None:
    span = max(1, len(losses) // 50)
    smooth = np.convolve(losses, np.ones(span) / span, mode="valid") if losses else np.zeros(0)
    label = "loss" if span == 1 else f"loss, mean of {span} steps"
    axes.plot((np.arange(len(smooth)) + span) / steps, smooth, color="tab:gray", label=label)
    axes.set(xlabel="epoch", ylabel="training loss")


def _draw_validation(axes: "Axes", epochs: list[Row]) -> None:
    key, name = next(pair for pair in JUDGES.items() if any(pair[0] in row for row in epochs))
    points = [(row["epoch"], row[key]) for row in epochs if key in row]
    axes.plot(*zip(*points, strict=True), "o-", color="tab:blue", label=f"validation {name}")
    axes.set(ylabel=name)
