"""Rows of a few columns, printed as they come: a table for people, CSV and JSONL for programs."""

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any, Literal

from musiq.progress import printable

ListFormat = Literal["table", "csv", "jsonl"]
Rows = Iterable[Mapping[str, Any]]


def print_rows(columns: Mapping[str, str], rows: Rows, file: IO[str], format: ListFormat) -> None:
    """Prints rows under their column names; holds none.

    Args:
        columns: for each name how the table formats its cells, as in `>8.2f`; the last stands as it is.
        rows: a value for each column.
        file: to print to.
        format: `table`, `csv` or `jsonl`.
    """
    _PRINTERS[format](columns, rows, file)


def _print_table(columns: Mapping[str, str], rows: Rows, file: IO[str]) -> None:
    widths = [max(len(name), len(format(0, cell))) for name, cell in columns.items()]
    sides = [">" if ">" in cell else "<" for cell in columns.values()]

    def line(cells: Iterable[str]) -> str:
        return "  ".join(
            f"{cell:{side}{width}}" for cell, side, width in zip(cells, sides, widths, strict=True)
        ).rstrip()

    file.write(f"{line(columns)}\n")
    for row in rows:
        file.write(line(printable(format(row[name], cell)) for name, cell in columns.items()) + "\n")


def _print_csv(columns: Mapping[str, str], rows: Rows, file: IO[str]) -> None:
    writer = csv.DictWriter(file, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _print_jsonl(columns: Mapping[str, str], rows: Rows, file: IO[str]) -> None:
    file.writelines(json.dumps(row) + "\n" for row in rows)


_PRINTERS: dict[ListFormat, Callable[[Mapping[str, str], Rows, IO[str]], None]] = {
    "table": _print_table,
    "csv": _print_csv,
    "jsonl": _print_jsonl,
}
