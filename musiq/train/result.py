"""The checkpoint that a run leaves behind."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from musiq.checkpoint import Checkpoint, Graphs, save_checkpoint
from musiq.data.record import DataSet
from musiq.model import MUSIQ
from musiq.runtime.export import export_graphs
from musiq.train.recipe import Recipe
from musiq.train.tasks import Task

CHECKPOINT_FOLDER = "checkpoint"


class Result:
    """Makes and writes the checkpoint of a run.

    Args:
        run: the run folder.
        sets: the data sets trained on.
        start: the checkpoint that the run started from, None for random weights.
        seen: list of all training images, None where it was not made.
        facts: what `training.json` says beside the figures.
    """

    def __init__(
        self,
        run: Path,
        recipe: Recipe,
        task: Task,
        sets: Sequence[DataSet],
        start: Checkpoint | None,
        seen: bytes | None,
        facts: Mapping[str, Any],
    ) -> None:
        self.run, self.recipe, self.task, self.sets = run, recipe, task, sets
        self.start, self.seen, self.facts = start, seen, facts
        self.graphs: Graphs | None = None

    def save(self, network: MUSIQ, figures: Mapping[str, float], position: Mapping[str, Any]) -> None:
        """Writes `network` as the run's checkpoint, with its validation figures."""
        if self.graphs is None and self.recipe.task in ("mos", "distribution"):  # nothing scores with the others
            self.graphs = export_graphs(network.config)
        earlier = self.start.training_data if self.start else ()
        ours = self.recipe.training_data or [data.name for data in self.sets]
        checkpoint = Checkpoint(
            name=self.recipe.name,
            weights={name: value.detach().cpu().numpy() for name, value in network.state_dict().items()},
            model=network.config,
            patches=self.recipe.patches,
            score=self.task.score,
            training_data=tuple(dict.fromkeys([*earlier, *ours])),
            licence=self.recipe.licence,
            accuracy={"validation": dict(figures)},
            graphs=self.graphs,
            training_images=self.seen,
        )
        training = {"recipe": self.recipe.as_json(), **self.facts, **position, "torch": torch.__version__}
        save_checkpoint(checkpoint, self.run / CHECKPOINT_FOLDER, training)
