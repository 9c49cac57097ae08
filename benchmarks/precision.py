"""How far the scores of each runtime and precision lie from fp32 torch, on rated photos.

python -m benchmarks.precision --ratings CSV --images DIR [--split test] [--count 500] [--out FILE.json]
"""

import argparse
import json
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from musiq.checkpoint import Checkpoint
from musiq.data.csv import read_csv
from musiq.image import load_image
from musiq.patches import patch_sequence
from musiq.progress import progress_bar
from musiq.runtime import Runtime
from musiq.runtime.onnx import OnnxRuntime
from musiq.runtime.openvino import OpenVinoRuntime
from musiq.runtime.torch import TorchRuntime
from musiq.scores import mean_opinion
from musiq.sources import load_checkpoint


def open_all(checkpoint: Checkpoint) -> dict[str, Runtime]:
    """Every runtime and precision whose arithmetic any CPU can do, the one to compare with first.

    bf16 is torch's: OpenVINO computes in fp32 where the processor lacks bf16, torch then does the same rounding slowly.
    """
    return {
        "torch-fp32": TorchRuntime(checkpoint, threads=1),
        "onnx-fp32": OnnxRuntime(checkpoint, threads=1),
        "openvino-fp32": OpenVinoRuntime(checkpoint, threads=1),
        "torch-bf16": TorchRuntime(checkpoint, threads=1, precision="bf16"),
        "onnx-int8": OnnxRuntime(checkpoint, threads=1, precision="int8"),
    }


def score_all(source: str, photos: Sequence[Path]) -> dict[str, NDArray[np.float64]]:
    """Scores `(N,)` by runtime, a process per core."""
    rows: list[dict[str, float]] = []
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=spawn) as pool, progress_bar("scoring", len(photos)) as advance:
        for photo, row in zip(photos, pool.map(partial(_score, source), photos), strict=True):
            rows.append(row)
            advance(photo.name)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _score(source: str, photo: Path) -> dict[str, float]:
    checkpoint, runtimes = _opened(source)
    image = patch_sequence(load_image(photo).pixels, checkpoint.patches)
    logits = {name: runtime.logits([image]) for name, runtime in runtimes.items()}
    return {name: float(mean_opinion(row, checkpoint.score.factor)[0]) for name, row in logits.items()}


@cache
def _opened(source: str) -> tuple[Checkpoint, dict[str, Runtime]]:
    checkpoint = load_checkpoint(source)
    return checkpoint, open_all(checkpoint)


def compare(scores: dict[str, NDArray[np.float64]], mos: NDArray[np.float64]) -> list[dict[str, Any]]:
    """A row per runtime: errors against the first one in points, and SRCC with the ratings."""
    exact = next(iter(scores.values()))
    rows = []
    for name, values in scores.items():
        error = np.abs(values - exact)
        rows.append(
            {
                "runtime": name,
                "images": len(values),
                "mean_error": float(error.mean()),
                "largest_error": float(error.max()),
                "largest_relative": float((error / np.maximum(1, np.abs(exact))).max()),
                "srcc": float(spearmanr(values, mos).statistic),
                "srcc_change": float(spearmanr(values, mos).statistic - spearmanr(exact, mos).statistic),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.precision", description=__doc__)
    parser.add_argument("--checkpoint", default="default")
    parser.add_argument("--ratings", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--split", default="test")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    data = read_csv(options.ratings, options.images)
    records = [record for record in data.records if record.split == options.split][: options.count]
    scores = score_all(options.checkpoint, [record.image for record in records])
    rows = compare(scores, np.array([record.mos for record in records]))
    for row in rows:
        print(row)
    if options.out is not None:
        options.out.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
