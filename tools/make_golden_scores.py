"""Writes tests/golden/scores.json: what the default checkpoint and the reference's tiny ones score some examples
and made images, in float32 on ONNX Runtime, with all that identifies those scores.

    python -m tools.make_golden_scores
    python -m tools.make_golden_scores --compare   # instead: how far threads and runtimes move them

A change of it is a change of scores: CHANGELOG.md says so under "Scores change" (docs/releases.md).
"""

import argparse
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from musiq import Checkpoint, Score, Scorer, __version__, load_checkpoint
from musiq.published import read_published
from musiq.runtime.export import export_graphs

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden" / "scores.json"
PHOTOS = ("china.jpg", "coffee.jpg", "flower.jpg", "coffee-blurred.jpg")  # README.md and its test have them all
TINY = ("tiny-multiscale", "tiny-distribution", "tiny-single")
SETTINGS: tuple[dict[str, Any], ...] = (
    {"threads": 1, "workers": 1},
    {"threads": 2, "workers": 1},
    {"threads": 4, "workers": 1},
    {"runtime": "openvino"},
    {"runtime": "torch"},
)


def images() -> dict[str, Any]:
    """The examples' photos with one copy, and arrays that whole numbers make: a pixel, a strip, grey, 16 bits."""
    rows, columns = np.mgrid[:90, :140].astype(np.uint32)
    waves = (rows * rows + 7 * columns) % 256
    strip = np.dstack([np.arange(3000) % 251] * 3).repeat(9, axis=0)
    return {
        **{f"examples/{name}": ROOT / "examples" / name for name in PHOTOS},
        "1x1": np.full((1, 1, 3), (200, 120, 40), np.uint8),
        "strip 3000x9": strip.astype(np.uint8),
        "grey 140x90": waves.astype(np.uint8),
        "16 bits 140x90": np.dstack([waves * 257, waves * 200, 65_535 - waves * 257]).astype(np.uint16),
    }


def tiny_checkpoints() -> list[Checkpoint]:
    """Random weights that the reference scores, too; see tests/reference/README.md."""
    read = [read_published(ROOT / "tests" / "reference" / f"{name}.npz") for name in TINY]
    graphs = export_graphs(read[0].model)
    return [replace(checkpoint, graphs=graphs) for checkpoint in read]


def golden(checkpoints: Iterable[Checkpoint], **options: Any) -> dict[str, Any]:
    """What the file holds; `options` of `Scorer.load` are for comparisons."""
    return {"musiq": __version__, "checkpoints": {one.name: _scored(one, options) for one in checkpoints}}


def _scored(checkpoint: Checkpoint, options: dict[str, Any]) -> dict[str, Any]:
    shown = images()
    scorer = Scorer.load(checkpoint, **{"runtime": "onnx", **options})
    scores = {}
    for name, result in zip(shown, scorer.score_many(shown.values()), strict=True):
        assert isinstance(result, Score), result
        scores[name] = round(result.mos, 5)
    return {"weights": checkpoint.id, "preprocess": checkpoint.preprocess, "scores": scores}


def largest(one: dict[str, Any], other: dict[str, Any]) -> float:
    """How far the score lies from the other's that lies farthest."""
    pairs = [(one["checkpoints"][name]["scores"], other["checkpoints"][name]["scores"]) for name in one["checkpoints"]]
    return max(abs(scores[image] - others[image]) for scores, others in pairs for image in scores)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compare", action="store_true")
    checkpoints = [load_checkpoint("default"), *tiny_checkpoints()]
    if not parser.parse_args().compare:
        GOLDEN.write_text(json.dumps(golden(checkpoints), indent=2) + "\n")
        print(f"{GOLDEN.relative_to(ROOT)}: written")
        return
    held = json.loads(GOLDEN.read_text())
    for options in SETTINGS:
        print(options, f"{largest(held, golden(checkpoints, **options)):.1e}")


if __name__ == "__main__":
    main()
