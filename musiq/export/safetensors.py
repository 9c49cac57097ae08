"""The bare weights in float32, and in their header what makes them a network again."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from musiq.config import ModelConfig
from musiq.export.facts import facts, to_make_network
from musiq.export.network import INPUTS, Exported, Run
from musiq.model import MUSIQ, as_state
from musiq.patches import PatchBatch
from musiq.scores import OwnScale, ScoreRange, mean_opinion

FILE: Final = "model.safetensors"
CODE: Final = """
import json
import torch
from safetensors import safe_open
from musiq.config import ModelConfig
from musiq.model import MUSIQ
from musiq.scores import mean_opinion

with safe_open("model.safetensors", "pt") as file:
    header = {name: json.loads(file.metadata()[name]) for name in ("model", "score")}
    network = MUSIQ(ModelConfig(**header["model"])).eval().requires_grad_(False)
    network.load_state_dict({name: file.get_tensor(name) for name in file.keys()})
logits = network(*(torch.from_numpy(inputs[name]) for name in ("pixels", "cell", "scale", "valid")))
score = mean_opinion(logits.numpy(), header["score"]["factor"])  # `own_scale` of the header maps it further
"""


def write(exported: Exported, folder: Path) -> None:
    """Writes `model.safetensors`."""
    checkpoint = exported.checkpoint
    arrays = {name: np.ascontiguousarray(array, np.float32) for name, array in checkpoint.weights.items()}
    save_file(arrays, folder / FILE, facts(checkpoint) | to_make_network(checkpoint))


def load(folder: Path) -> Run:
    """The file in musiq's own network."""
    with safe_open(folder / FILE, "np") as file:
        header = file.metadata()
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  it is no dict
    network = MUSIQ(ModelConfig(**json.loads(header["model"]))).eval()
    network.load_state_dict(as_state(weights))
    factor = ScoreRange(**json.loads(header["score"])).factor
    own = OwnScale(**json.loads(header["own_scale"])) if "own_scale" in header else None

    @torch.inference_mode()
    def run(batch: PatchBatch) -> Any:
        logits = network(*(torch.from_numpy(getattr(batch, name)) for name in INPUTS)).numpy()
        scores = mean_opinion(logits, factor)
        return scores if own is None else own.apply(scores)

    return run
