"""Scores as rows: a table for people, CSV and JSONL for programs."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Literal

from musiq.cli.tables import print_table
from musiq.errors import ImageError
from musiq.scores import Score

Format = Literal["table", "csv", "jsonl"]
MEANING = ("interval_low", "interval_high", "coverage", "percentile", "band")
SOURCE = ("checkpoint", "weights", "preprocess")
COLUMNS = ("path", "score", *MEANING, "low", "high", *SOURCE, "width", "height", "notes", "error")


def make_row(path: Path, result: Score | ImageError) -> dict[str, Any]:
    """One result under the names of `COLUMNS` and `distribution`; what is unknown is None."""
    row: dict[str, Any] = dict.fromkeys((*COLUMNS, "distribution")) | {"path": str(path), "notes": []}
    if isinstance(result, ImageError):
        return row | {"error": str(result)}
    facts = result.as_dict() | {"score": result.mos}
    facts["interval_low"], facts["interval_high"] = result.interval or (None, None)
    return row | {name: facts[name] for name in row if name in facts}


class TableWriter:
    """Collects rows; prints a table at the end."""

    def __init__(self, file: IO[str]) -> None:
        self.file, self.rows = file, list[dict[str, Any]]()

    def write(self, row: dict[str, Any]) -> None:
        self.rows.append(row)

    def close(self) -> None:
        if not self.rows:
            return
        cells = list(map(_table_cells, self.rows))
        columns = [name for name in cells[0] if name not in OPTIONAL or any(row[name] for row in cells)]
        print_table(columns, ([row[name] for name in columns] for row in cells), self.file, right=RIGHT)


OPTIONAL = ("+-", "better than", "band")  # what not every checkpoint knows
RIGHT = ("score", "+-", "better than", "size")


def _table_cells(row: dict[str, Any]) -> dict[str, str]:
    path = row["path"].replace("\n", "\ufffd")
    if row["error"] is not None:
        reason = row["error"].removeprefix(f"{row['path']}: ").replace("\n", " ")
        unknown = {"score": "-", **dict.fromkeys(OPTIONAL, ""), "size": "-"}
        return unknown | {"image": path, "remarks": f"failed: {reason}"}
    low, high, percentile = row["interval_low"], row["interval_high"], row["percentile"]
    return {
        "score": f"{row['score']:.2f}",
        "+-": "" if low is None else f"{(high - low) / 2:.1f}",
        "better than": "" if percentile is None else f"{percentile:.0f} %",
        "band": row["band"] or "",
        "size": f"{row['width']}x{row['height']}",
        "image": path,
        "remarks": ", ".join(row["notes"]),
    }


class CsvWriter:
    """A line per row, at once; the columns of `COLUMNS`."""

    def __init__(self, file: IO[str]) -> None:
        self.writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        self.writer.writeheader()

    def write(self, row: dict[str, Any]) -> None:
        self.writer.writerow(row | {"notes": "; ".join(row["notes"])})

    def close(self) -> None:
        pass


class JsonlWriter:
    """A JSON object per row, at once."""

    def __init__(self, file: IO[str]) -> None:
        self.file = file

    def write(self, row: dict[str, Any]) -> None:
        self.file.write(json.dumps(row) + "\n")
        self.file.flush()

    def close(self) -> None:
        pass


RowWriter = TableWriter | CsvWriter | JsonlWriter
WRITERS: dict[Format, Callable[[IO[str]], RowWriter]] = {"table": TableWriter, "csv": CsvWriter, "jsonl": JsonlWriter}
