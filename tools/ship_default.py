"""Puts a trained checkpoint into the package as `default`: rounded to 16 bits, calibrated, with its figures.

    python tools/ship_default.py RUN/checkpoint --data biq.csv --images IMAGES

The CSV is the one that tools/split_biq2021.py writes. Its validation photos teach the scores' intervals and are their
reference population; its official test split judges. Predictions go to results/default-biq2021-val.csv and -test.csv,
their facts into the .json beside each. The model card (README.md in the folder) is written by hand afterwards.
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

from musiq.checkpoint import Checkpoint, load_folder, round_to_half, save_checkpoint
from musiq.data import DataSet
from musiq.data.sets import open_data
from musiq.evaluate.correlations import Agreement, agreement
from musiq.evaluate.coverage import calibrate, summarise_population
from musiq.evaluate.files import Predictions, read_predictions
from musiq.evaluate.predictions import evaluate_checkpoint
from musiq.runtime.export import export_graphs
from musiq.scorer import Scorer
from musiq.sources import read_training

COVERAGE, POPULATION = 0.9, "600 photos of BIQ2021 that were not trained on"
ROOT = Path(__file__).parent.parent
VALIDATION, ALL = "BIQ2021 validation", "BIQ2021 test"
MARKED, UNSEEN = "BIQ2021 test, no test-near", "BIQ2021 test, unseen by perceptual hash"


def without_marked(predictions: Predictions, data: DataSet) -> Agreement:
    """Agreement over the predictions for rows of split `test` alone, which leaves out `test-near`."""
    far = {record.name for record in data.records if record.split == "test"}
    chosen = [index for index, name in enumerate(predictions.images) if name in far]
    return agreement(predictions.scores[chosen], predictions.mos[chosen])


def learn_meaning(checkpoint: Checkpoint, data: DataSet) -> tuple[Checkpoint, Agreement]:
    """The checkpoint with intervals and population from the validation photos, and its agreement with their ratings."""
    out = ROOT / "results" / "default-biq2021-val.csv"
    result = evaluate_checkpoint(Scorer.load(checkpoint), data, ("val",), out, check_seen=False)
    found = read_predictions(out)
    assert found.uncertainties is not None
    calibration = calibrate(found.scores, found.uncertainties, found.mos, COVERAGE, POPULATION)
    population = summarise_population(found.scores, POPULATION)
    return replace(checkpoint, calibration=calibration, population=population), result.figures.agreement


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    options = parser.parse_args()
    trained = round_to_half(load_folder(options.checkpoint))
    graphs = trained.graphs or export_graphs(trained.model)
    trained = replace(trained, name="default", graphs=graphs)
    data = open_data(str(options.data), options.images, (0, 1))
    trained, validation = learn_meaning(trained, data)
    out = ROOT / "results" / "default-biq2021-test.csv"
    result = evaluate_checkpoint(Scorer.load(trained), data, ("test", "test-near"), out)
    figures = {VALIDATION: validation, ALL: result.figures.agreement, MARKED: without_marked(result.predictions, data)}
    if result.unseen_figures is not None:
        figures[UNSEEN] = result.unseen_figures.agreement
    rounded = {name: {key: round(value, 4) for key, value in asdict(row).items()} for name, row in figures.items()}
    print(json.dumps(rounded, indent=2), result.figures.coverage)
    shipped = replace(trained, accuracy=rounded)
    save_checkpoint(shipped, ROOT / "musiq" / "checkpoints" / "default", read_training(options.checkpoint))


if __name__ == "__main__":
    main()
