"""A user's own data set: a CSV with the columns `image`, `mos` and optionally `split`, and a folder of images."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from musiq.errors import DataError


@dataclass(frozen=True)
class Record:
    """One rated image.

    Attributes:
        image: path of the file.
        name: the CSV's own name for it.
        mos: mean opinion score, in the CSV's units.
        split: `train`, `val`, `test` or whatever the CSV says; empty when it has no such column.
    """

    image: Path
    name: str
    mos: float
    split: str = ""


def read_records(table: Path, images: Path, split: str | None = None) -> list[Record]:
    """The rows of a CSV, each with an existing image and a finite MOS.

    Args:
        table: CSV with a header naming `image` and `mos`, optionally `split`.
        images: folder that `image` is relative to.
        split: keep only rows whose `split` is this one.

    Raises:
        DataError: names the file, row and column at fault.
    """
    rows = _read_rows(table)
    records, seen = [], dict[str, int]()
    for number, row in enumerate(rows, start=2):
        if split is not None and row.get("split", "") != split:
            continue
        name = row["image"]
        if name in seen:
            raise DataError(f"{table}, row {number}: image {name!r} stands already in row {seen[name]}")
        seen[name] = number
        place = f"{table}, row {number}"
        records.append(Record(_find(images, name, place), name, _mos(row["mos"], place), row.get("split", "") or ""))
    if not records:
        raise DataError(f"{table}: no row" + (f" has split {split!r}" if split is not None else ""))
    return records


def _read_rows(table: Path) -> list[dict[str, str]]:
    try:
        with open(table, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns, rows = reader.fieldnames or [], list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table}: cannot be read as CSV: {error}") from error
    missing = {"image", "mos"} - set(columns)
    if missing:
        raise DataError(f"{table}: column {', '.join(sorted(missing))} is missing; it has {columns}")
    return rows


def _mos(text: str | None, place: str) -> float:
    try:
        value = float(text or "")
    except ValueError:
        raise DataError(f"{place}: mos {text!r} is not a number") from None
    if not math.isfinite(value):
        raise DataError(f"{place}: mos {text!r} is not finite")
    return value


def _find(images: Path, name: str | None, place: str) -> Path:
    if not name:
        raise DataError(f"{place}: image is empty")
    path = images / name
    for candidate in (path, path.with_suffix(path.suffix.upper()), path.with_suffix(path.suffix.lower())):
        if candidate.is_file():
            return candidate
    raise DataError(f"{place}: image {name!r} is not in {images}")
