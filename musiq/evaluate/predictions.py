"""Checkpoint and rated images -> predictions.csv -> agreement."""

import csv
from pathlib import Path

from musiq.data.csv import read_records
from musiq.errors import DataError, ImageError
from musiq.evaluate.correlations import Agreement, agreement
from musiq.progress import progress_bar
from musiq.scorer import Scorer


def evaluate_checkpoint(
    scorer: Scorer,
    table: Path,
    images: Path,
    splits: tuple[str, ...] = (),
    out: Path = Path("predictions.csv"),
    mos_range: tuple[float, float] | None = None,
) -> Agreement:
    """Scores every rated image and compares.

    Args:
        splits: only rows whose `split` is one of these; empty for all.
        out: CSV to write, with the columns image, mos, score.
        mos_range: ends of the CSV's scale; its ratings are mapped onto the checkpoint's range with it, for the RMSE.

    Raises:
        DataError: a rated image cannot be read, for a figure over some of them would not be the figure asked for.
    """
    records = read_records(table, images)
    if splits:
        records = [record for record in records if record.split in splits]
    if len(records) < 2:
        raise DataError(f"{table}: {len(records)} rows of split {', '.join(splits)}; needs at least 2")
    rated = [_map(record.mos, mos_range, scorer) for record in records]
    predicted = []
    with open(out, "w", newline="") as file, progress_bar("evaluating", len(records)) as advance:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image", "mos", "score"])
        results = scorer.score_many(record.image for record in records)
        for record, mos, result in zip(records, rated, results, strict=True):
            if isinstance(result, ImageError):
                raise DataError(str(result))
            predicted.append(result.mos)
            writer.writerow([record.name, f"{mos:.6g}", f"{result.mos:.6g}"])
            advance("")
    return agreement(predicted, rated)


def _map(mos: float, mos_range: tuple[float, float] | None, scorer: Scorer) -> float:
    spec = scorer.checkpoint.score
    if mos_range is None or spec.low is None or spec.high is None:
        return mos
    return spec.low + (mos - mos_range[0]) / (mos_range[1] - mos_range[0]) * (spec.high - spec.low)
