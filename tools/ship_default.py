"""Puts a trained checkpoint into the package as `default`, with its figures on BIQ2021's official test split.

    python tools/ship_default.py RUN/checkpoint --data biq.csv --images IMAGES

The CSV is the one that tools/split_biq2021.py writes. Predictions go to results/default-biq2021-test.csv. The model
card (README.md in the folder) is written by hand afterwards.
"""

import argparse
import csv
import json
from dataclasses import asdict, replace
from pathlib import Path

from musiq.checkpoint import load_folder, save_checkpoint
from musiq.data import read_records
from musiq.evaluate.correlations import Agreement, agreement
from musiq.evaluate.predictions import evaluate_checkpoint
from musiq.runtime.export import export_graph
from musiq.scorer import Scorer

ROOT = Path(__file__).parent.parent
ALL, FAR = "BIQ2021 test", "BIQ2021 test, near-duplicates of training left out"


def without_near_duplicates(predictions: Path, data: Path, images: Path) -> Agreement:
    """Agreement over the predictions for rows of split `test` alone."""
    far = {record.name for record in read_records(data, images, "test")}
    with open(predictions, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["image"] in far]
    return agreement([float(row["score"]) for row in rows], [float(row["mos"]) for row in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    options = parser.parse_args()
    trained = load_folder(options.checkpoint)
    trained = replace(trained, graph=trained.graph or export_graph(trained.model))
    predictions = ROOT / "results" / "default-biq2021-test.csv"
    scorer = Scorer.load(trained)
    figures = {
        ALL: evaluate_checkpoint(scorer, options.data, options.images, ("test", "test-near"), predictions, (0, 1)),
        FAR: without_near_duplicates(predictions, options.data, options.images),
    }
    rounded = {name: {key: round(value, 4) for key, value in asdict(row).items()} for name, row in figures.items()}
    accuracy = dict(trained.accuracy) | rounded
    print(json.dumps(rounded, indent=2))
    training = json.loads((options.checkpoint / "training.json").read_text())
    save_checkpoint(replace(trained, accuracy=accuracy), ROOT / "musiq" / "checkpoints" / "default", training)


if __name__ == "__main__":
    main()
