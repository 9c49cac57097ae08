"""predictions.csv, and beside it a JSON file that says what the predictions are of."""

import csv
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musiq.atomic import write_file
from musiq.data.table import Row, check_unique, read_table
from musiq.errors import DataError

UNCERTAINTY = "uncertainty"
Columns = Sequence[Mapping[str, float]]


@dataclass(frozen=True)
class Predictions:
    """A file of predictions.

    Attributes:
        path: of the CSV.
        images: names, unique.
        mos: ratings, float64 `(N,)`.
        scores: predictions, float64 `(N,)`.
        uncertainties: float64 `(N,)`, None when the file has none.
        facts: what the JSON file beside it says; empty when there is none.
    """

    path: Path
    images: tuple[str, ...]
    mos: NDArray[np.float64]
    scores: NDArray[np.float64]
    facts: Mapping[str, Any] = field(default_factory=dict)
    uncertainties: NDArray[np.float64] | None = None


def facts_path(predictions: Path) -> Path:
    """Where the facts of a CSV of predictions are: `name.json` beside `name.csv`.

    Raises:
        DataError: the two would be one file.
    """
    beside = predictions.with_suffix(".json")
    if beside == predictions:
        raise DataError(f"{predictions}: predictions are a CSV; the .json of that name holds the facts")
    return beside


def read_predictions(path: Path) -> Predictions:
    """The predictions in a CSV with the columns image, mos and score, and perhaps uncertainty.

    Raises:
        DataError: names the file, row and column at fault.
    """
    rows = read_table(path, ("image", "mos", "score"))
    images = [(row.text("image"), row.place) for row in rows]
    check_unique(images)
    mos, scores = (_numbers(rows, column) for column in ("mos", "score"))
    unsure = _numbers(rows, UNCERTAINTY) if UNCERTAINTY in rows[0].cells else None
    return Predictions(path, tuple(name for name, _ in images), mos, scores, read_facts(facts_path(path)), unsure)


def _numbers(rows: Sequence[Row], column: str) -> NDArray[np.float64]:
    return np.array([row.number(column) for row in rows], np.float64)


def read_facts(path: Path) -> dict[str, Any]:
    """What a JSON file of facts says; nothing where there is no file, a `DataError` where it is damaged."""
    if not path.is_file():
        return {}
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: {error}") from error
    if not isinstance(facts, dict):
        raise DataError(f"{path}: no JSON object")
    return facts


def check_writable(path: Path) -> None:
    """Raises a `DataError` now rather than after hours of scoring if no file can be written there."""
    facts_path(path)
    if path.is_dir() or not os.access(path.resolve().parent, os.W_OK):
        raise DataError(f"{path}: cannot be written")


def write_predictions(predictions: Predictions, more: Columns) -> None:
    """Writes the CSV and its JSON; `more` holds further columns for each image, the same for all."""
    columns = (predictions.images, predictions.mos.tolist(), predictions.scores.tolist(), more)
    partial = predictions.path.with_name(f".{predictions.path.name}.partial")
    with open(partial, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image", "mos", "score", *(more[0] if more else ())])
        for image, mos, score, further in zip(*columns, strict=True):
            writer.writerow([image, f"{mos:.9g}", f"{score:.9g}", *(f"{value:.6g}" for value in further.values())])
    beside = facts_path(predictions.path)
    beside.unlink(missing_ok=True)  # or a crash now would leave new predictions with old facts
    partial.replace(predictions.path)
    write_file(beside, (json.dumps(_finite(predictions.facts), indent=2, allow_nan=False) + "\n").encode())


def _finite(value: Any) -> Any:
    """The same with None for NaN, which JSON does not know."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value
