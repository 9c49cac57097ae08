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
COLUMNS = ("path", "score", "low", "high", "checkpoint", "weights", "preprocess", "width", "height", "notes", "error")


def make_row(path: Path, result: Score | ImageError) -> dict[str, Any]:
    """One result under the names of `COLUMNS` and `distribution`; what is unknown is None."""
    row: dict[str, Any] = dict.fromkeys((*COLUMNS, "distribution")) | {"path": str(path), "notes": []}
    if isinstance(result, ImageError):
        return row | {"error": str(result)}
    facts = result.as_dict()
    return row | {name: facts[name] for name in row if name in facts} | {"score": result.mos}


class TableWriter:
    """Collects rows; prints a table at the end."""

    def __init__(self, file: IO[str]) -> None:
        self.file, self.rows = file, list[dict[str, Any]]()

    def write(self, row: dict[str, Any]) -> None:
        self.rows.append(row)

    def close(self) -> None:
        if not self.rows:
            return
        columns = ("score", "size", "image", "remarks")
        print_table(columns, map(_table_cells, self.rows), self.file, right=columns[:2])


def _table_cells(row: dict[str, Any]) -> tuple[str, str, str, str]:
    path = row["path"].replace("\n", "\ufffd")
    if row["error"] is not None:
        reason = row["error"].removeprefix(f"{row['path']}: ").replace("\n", " ")
        return "-", "-", path, f"failed: {reason}"
    return f"{row['score']:.2f}", f"{row['width']}x{row['height']}", path, ", ".join(row["notes"])


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
