"""Measures how far to trust `musiq compare`, on rated photos.

    python -m tools.measure_comparisons results/default-biq2021-test.csv --out docs/meaning/pairs.svg

Two images: among random pairs of the photos, how often people rate the one higher that the scores put above, by the
probability that was given. Two sets: how often sets drawn at random from the same photos are said to differ, which
should be 5 % of the time. Photos whose near-duplicates the checkpoint was trained on are left out.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from musiq.evaluate.files import Predictions, read_predictions
from musiq.meaning.groups import compare_paired, compare_unpaired
from musiq.meaning.pair import chance_better
from musiq.pictures import save_figure
from musiq.scores import Calibration, Score
from musiq.sources import load_checkpoint

Series = NDArray[np.float64]
PAIRS, DRAWS = 100_000, 4000
EDGES = np.linspace(0.5, 1, 11)
SIZES = (5, 10, 20, 50)


class Bin(NamedTuple):
    """Pairs of about one probability."""

    low: float
    high: float
    pairs: int
    said: float
    found: float


def unseen(predictions: Predictions) -> Predictions:
    """Those of photos that are unlike all training images."""
    seen = {pair["test"] for pair in predictions.facts.get("seen") or ()}
    kept = [index for index, name in enumerate(predictions.images) if name not in seen]
    assert predictions.uncertainties is not None
    return replace(
        predictions,
        images=tuple(predictions.images[index] for index in kept),
        mos=predictions.mos[kept],
        scores=predictions.scores[kept],
        uncertainties=predictions.uncertainties[kept],
    )


def judge_pairs(predictions: Predictions, calibration: Calibration, seed: int = 0) -> list[Bin]:
    """Random pairs by the probability that is said of the better one, and how often that was right."""
    scores = _with_intervals(predictions, calibration)
    rng = np.random.default_rng(seed)
    pairs = rng.integers(0, len(scores), (PAIRS, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    said = np.array([chance_better(scores[a], scores[b]) for a, b in pairs], np.float64)
    ours, theirs = predictions.mos[pairs].T
    right = (ours > theirs) + (ours == theirs) / 2
    right, said = np.where(said < 0.5, 1 - right, right), np.maximum(said, 1 - said)
    place = np.clip(np.digitize(said, EDGES) - 1, 0, len(EDGES) - 2)
    bins = ((EDGES[index], EDGES[index + 1], place == index) for index in range(len(EDGES) - 1))
    return [Bin(low, high, int(part.sum()), said[part].mean(), right[part].mean()) for low, high, part in bins]


def _with_intervals(predictions: Predictions, calibration: Calibration) -> list[Score]:
    assert predictions.uncertainties is not None
    unknown = dict.fromkeys(("distribution", "uncertainty", "percentile", "band", "low", "high"))
    facts = {"higher_is_better": True, "checkpoint": "", "weights": "", "preprocess": "", "height": 0, "width": 0}
    sure = {"coverage": calibration.coverage, **unknown, **facts}
    return [
        Score(mos=score, interval=calibration.interval(score, away), **sure)  # type: ignore[arg-type]
        for score, away in zip(predictions.scores, predictions.uncertainties, strict=True)
    ]


def false_alarms(scores: Series, size: int, seed: int = 0) -> tuple[float, float, float]:
    """Shares of draws from the same photos that are said to differ: two sets, one of them three times as large, and
    pairs."""
    rng = np.random.default_rng((seed, size))
    results = [
        (
            compare_unpaired(rng.choice(scores, size), rng.choice(scores, size)).better,
            compare_unpaired(rng.choice(scores, size), rng.choice(scores, 3 * size)).better,
            compare_paired(rng.choice(scores, size), rng.choice(scores, size)).better,
        )
        for _ in range(DRAWS)
    ]
    alike, larger, paired = np.mean([[better is not None for better in row] for row in results], axis=0)
    return float(alike), float(larger), float(paired)


def plot(bins: Sequence[Bin], out: Path) -> None:
    """Found over said."""
    figure, axis = plt.subplots(figsize=(4.5, 4), layout="constrained")
    axis.plot((0.5, 1), (0.5, 1), color="grey", linewidth=1, label="as it should be")
    axis.plot([one.said for one in bins], [one.found for one in bins], "o-", markersize=4, label="found")
    axis.set(xlabel="probability that was given", ylabel="share of pairs in which it was right")
    axis.grid(alpha=0.3)
    axis.legend()
    out.parent.mkdir(parents=True, exist_ok=True)
    save_figure(figure, out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("predictions", type=Path)
    parser.add_argument("--checkpoint", default="default")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    predictions = unseen(read_predictions(options.predictions))
    calibration = load_checkpoint(options.checkpoint).calibration
    assert calibration is not None
    bins = judge_pairs(predictions, calibration)
    print(f"{len(predictions.images)} photos\n")
    print("| probability | pairs | mean of it | right |\n|---|---:|---:|---:|")
    for one in bins:
        print(f"| {one.low:.2f} to {one.high:.2f} | {one.pairs:,} | {one.said:.3f} | {one.found:.3f} |")
    print("\n| images in a set | two such sets | one three times as large | pairs |\n|---:|---:|---:|---:|")
    for size in SIZES:
        shares = " | ".join(f"{100 * share:.1f} %" for share in false_alarms(predictions.scores, size))
        print(f"| {size} | {shares} |")
    if options.out is not None:
        plot(bins, options.out)


if __name__ == "__main__":
    main()
