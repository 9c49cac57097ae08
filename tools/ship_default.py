"""Puts a trained checkpoint into the package as `default`, with its figures on BIQ2021's official test split.

    python tools/ship_default.py RUN/checkpoint --data biq.csv --images IMAGES

The CSV is the one that tools/split_biq2021.py writes. Predictions go to results/default-biq2021-test.csv, their facts
into the .json beside it. The model card (README.md in the folder) is written by hand afterwards.
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

from musiq.checkpoint import load_folder, save_checkpoint
from musiq.data import DataSet
from musiq.data.sets import open_data
from musiq.evaluate.correlations import Agreement, agreement
from musiq.evaluate.files import Predictions
from musiq.evaluate.predictions import evaluate_checkpoint
from musiq.runtime.export import export_graphs
from musiq.scorer import Scorer

ROOT = Path(__file__).parent.parent
ALL, MARKED, UNSEEN = "BIQ2021 test", "BIQ2021 test, no test-near", "BIQ2021 test, unseen by perceptual hash"


def without_marked(predictions: Predictions, data: DataSet) -> Agreement:
    """Agreement over the predictions for rows of split `test` alone, which leaves out `test-near`."""
    far = {record.name for record in data.records if record.split == "test"}
    chosen = [index for index, name in enumerate(predictions.images) if name in far]
    return agreement(predictions.scores[chosen], predictions.mos[chosen])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    options = parser.parse_args()
    trained = load_folder(options.checkpoint)
    trained = replace(trained, graphs=trained.graphs or export_graphs(trained.model))
    out = ROOT / "results" / "default-biq2021-test.csv"
    data = open_data(str(options.data), options.images, (0, 1))
    result = evaluate_checkpoint(Scorer.load(trained), data, ("test", "test-near"), out)
    figures = {ALL: result.figures.agreement, MARKED: without_marked(result.predictions, data)}
    if result.unseen_figures is not None:
        figures[UNSEEN] = result.unseen_figures.agreement
    rounded = {name: {key: round(value, 4) for key, value in asdict(row).items()} for name, row in figures.items()}
    accuracy = dict(trained.accuracy) | rounded
    print(json.dumps(rounded, indent=2))
    training = json.loads((options.checkpoint / "training.json").read_text())
    save_checkpoint(replace(trained, accuracy=accuracy), ROOT / "musiq" / "checkpoints" / "default", training)


if __name__ == "__main__":
    main()
