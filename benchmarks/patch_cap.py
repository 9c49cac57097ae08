"""What `--max-patches` costs: the error of a capped score against the exact one, by the rule that chooses the patches.

python -m benchmarks.patch_cap --photos DIR [--count 200] [--caps 0.1 0.25 0.5] [--out FOLDER]
"""

import argparse
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from musiq.checkpoint import Checkpoint
from musiq.image import image_suffixes, load_image
from musiq.patches import patch_sequence, spread, token_counts
from musiq.progress import progress_bar
from musiq.runtime.onnx import OnnxRuntime
from musiq.scores import mean_opinion
from musiq.sources import load_checkpoint

TILE = 4  # side of a tile in patches


class Rule(Protocol):
    """Rows and columns of patches and a limit -> raster indexes of those to keep."""

    def __call__(self, rows: int, columns: int, limit: int) -> NDArray[np.int64]: ...


def raster(rows: int, columns: int, limit: int) -> NDArray[np.int64]:
    """The first in raster order, as training cuts."""
    return np.arange(min(rows * columns, limit))


def tiles(rows: int, columns: int, limit: int) -> NDArray[np.int64]:
    """Whole tiles of TILE x TILE patches, evenly over the image."""
    if rows * columns <= limit:
        return np.arange(rows * columns)
    down, across = max(1, rows // TILE), max(1, columns // TILE)
    chosen = spread(down, across, max(1, limit // TILE**2))
    row, column = (TILE * (chosen // across))[:, None, None], (TILE * (chosen % across))[:, None, None]
    row, column = np.broadcast_arrays(row + np.arange(TILE)[:, None], column + np.arange(TILE))
    inside = (row < rows) & (column < columns)
    return np.sort((row * columns + column)[inside])[:limit]


RULES: dict[str, Rule] = {"spread": spread, "raster": raster, "tiles": tiles}


def measure(checkpoint: Checkpoint, photos: Sequence[Path], shares: Sequence[float]) -> list[dict[str, Any]]:
    """A row per rule and share of the native patches: errors in points, and SRCC with the exact scores."""
    runtime = OnnxRuntime(checkpoint)
    exact: list[float] = []
    capped: dict[tuple[str, float], list[float]] = {(rule, share): [] for rule in RULES for share in shares}
    with progress_bar("scoring", len(photos)) as advance:
        for photo in photos:
            pixels = load_image(photo).pixels

            def score(keep: Callable[[int, int], NDArray[np.int64]] | None, pixels: Any = pixels) -> float:
                logits = runtime.logits([patch_sequence(pixels, checkpoint.patches, keep)])
                return float(mean_opinion(logits, checkpoint.score.factor)[0])

            exact.append(score(None))
            native = token_counts(pixels.shape[0], pixels.shape[1], checkpoint.patches)[-1]
            for (rule, share), scores in capped.items():
                scores.append(score(partial(RULES[rule], limit=max(1, round(share * native)))))
            advance(photo.name)
    return [_row(rule, share, np.array(scores), np.array(exact)) for (rule, share), scores in capped.items()]


def _row(rule: str, share: float, scores: NDArray[np.float64], exact: NDArray[np.float64]) -> dict[str, Any]:
    error = np.abs(scores - exact)
    figures = {"mean_error": error.mean(), "p95_error": np.quantile(error, 0.95), "largest_error": error.max()}
    figures["srcc_with_exact"] = spearmanr(scores, exact).statistic
    return {"rule": rule, "share": share, "photos": len(exact)} | {name: float(v) for name, v in figures.items()}


def draw(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Mean and 95 % error against the share of patches kept, a line per rule, as SVG."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharex=True)
    for rule in RULES:
        mine = [row for row in rows if row["rule"] == rule]
        for axis, key in zip(axes, ("mean_error", "p95_error"), strict=True):
            axis.plot([row["share"] for row in mine], [row[key] for row in mine], marker="o", label=rule)
    for axis, title in zip(axes, ("mean error, points", "95 % of errors are below, points"), strict=True):
        axis.set(xlabel="share of native patches kept", title=title, ylim=(0, None))
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.patch_cap", description=__doc__)
    parser.add_argument("--checkpoint", default="default")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--caps", type=float, nargs="+", default=[0.05, 0.1, 0.2, 0.35, 0.5, 0.75])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    photos = sorted(path for path in options.photos.rglob("*") if path.suffix.lower() in image_suffixes())
    rows = measure(load_checkpoint(options.checkpoint), photos[:: max(1, len(photos) // options.count)], options.caps)
    for row in rows:
        print(row)
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "patch_cap.json").write_text(json.dumps(rows, indent=2) + "\n")
        draw(rows, options.out / "patch_cap.svg")


if __name__ == "__main__":
    main()
