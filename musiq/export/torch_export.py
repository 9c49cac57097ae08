"""A program of `torch.export`, which torch loads without musiq."""

import json
import warnings
from pathlib import Path
from typing import Any, Final

import torch

from musiq.export.facts import facts
from musiq.export.network import INPUTS, Exported, Run
from musiq.patches import PatchBatch

FILE: Final = "model.pt2"
CODE: Final = """
import torch

network = torch.export.load("model.pt2").module()
logits, score = network(*(torch.from_numpy(inputs[name]) for name in ("pixels", "cell", "scale", "valid")))
"""
METADATA: Final = "musiq.json"  # a file in the archive


def write(exported: Exported, folder: Path) -> None:
    """Writes `model.pt2`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(
            exported.program, folder / FILE, extra_files={METADATA: json.dumps(facts(exported.checkpoint))}
        )


def load(folder: Path) -> Run:
    """The file in torch."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = torch.export.load(folder / FILE).module()

    @torch.inference_mode()
    def run(batch: PatchBatch) -> Any:
        return network(*(torch.from_numpy(getattr(batch, name)) for name in INPUTS))[1].numpy()

    return run
