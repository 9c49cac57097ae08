"""Puts a trained checkpoint into the package as `default`, with its figures on BIQ2021's official test split.

    python tools/ship_default.py RUN/checkpoint --data biq.csv --images IMAGES

The CSV is the one that tools/split_biq2021.py writes. Predictions go to results/default-biq2021-test.csv. The model
card (README.md in the folder) is written by hand afterwards.
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

from musiq.checkpoint import load_folder, save_checkpoint
from musiq.evaluate.predictions import evaluate_checkpoint
from musiq.runtime.export import export_graph
from musiq.scorer import Scorer

ROOT = Path(__file__).parent.parent
SPLITS = {
    "BIQ2021 test, near-duplicates of training left out": ("test",),
    "BIQ2021 test": ("test", "test-near"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    options = parser.parse_args()
    trained = load_folder(options.checkpoint)
    trained = replace(trained, graph=trained.graph or export_graph(trained.model))
    predictions = ROOT / "results" / "default-biq2021-test.csv"
    accuracy = dict(trained.accuracy)
    for name, splits in SPLITS.items():
        result = evaluate_checkpoint(Scorer.load(trained), options.data, options.images, splits, predictions, (0, 1))
        accuracy[name] = {key: round(value, 4) for key, value in asdict(result).items()}
        print(name, accuracy[name])
    training = json.loads((options.checkpoint / "training.json").read_text())
    save_checkpoint(replace(trained, accuracy=accuracy), ROOT / "musiq" / "checkpoints" / "default", training)


if __name__ == "__main__":
    main()
