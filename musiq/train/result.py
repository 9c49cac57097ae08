"""The checkpoint that a run leaves behind."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save

from musiq.atomic import write_folder
from musiq.checkpoint import Checkpoint, Graphs, save_checkpoint
from musiq.data.record import DataSet
from musiq.nima import NIMA
from musiq.runtime.export import export_graphs
from musiq.train.networks import Network
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
        bare: no graphs.
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
        *,
        bare: bool = False,
    ) -> None:
        self.run, self.recipe, self.task, self.sets = run, recipe, task, sets
        self.start, self.seen, self.facts = start, seen, facts
        self.bare = bare
        self.graphs: Graphs | None = None

    def save(self, network: Network, figures: Mapping[str, float], position: Mapping[str, Any]) -> None:
        """Writes `network` as the run's checkpoint, with its validation figures."""
        state = network.state_dict()  # of convolutions in another order in memory than files want
        weights = {name: np.ascontiguousarray(value.detach().cpu().numpy()) for name, value in state.items()}
        training = {"recipe": self.recipe.as_json(), **self.facts, **position, "torch": torch.__version__}
        if isinstance(network, NIMA):  # to be compared with; nothing else reads it
            training["accuracy"] = dict(figures)
            files = {"model.safetensors": save(weights), "training.json": json.dumps(training, indent=2).encode()}
            return write_folder(self.run / CHECKPOINT_FOLDER, files)
        if self.graphs is None and self._scores:
            self.graphs = export_graphs(network.config)
        earlier = self.start.training_data if self.start else ()
        ours = self.recipe.training_data or [data.name for data in self.sets]
        checkpoint = Checkpoint(
            name=self.recipe.name,
            weights=weights,
            model=network.config,
            patches=self.recipe.patches,
            score=self.task.score,
            training_data=tuple(dict.fromkeys([*earlier, *ours])),
            licence=self.recipe.licence,
            accuracy={"validation": {"images": self.facts["images"]["val"], **figures}},
            graphs=self.graphs,
            training_images=self.seen,
        )
        save_checkpoint(checkpoint, self.run / CHECKPOINT_FOLDER, training)

    @property
    def _scores(self) -> bool:
        """Whether somebody may score with the checkpoint without torch."""
        return self.recipe.task in ("mos", "distribution") and not self.bare
