"""CSV, TSV and JSONL, row by row. Bytes that are no UTF-8 are kept, as file names may have them."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import Any, BinaryIO

from musiq.inputs.cells import Cell, as_cell
from musiq.inputs.faults import describe
from musiq.inputs.item import Unreadable

_ROWS_FOR_COLUMNS = 20  # of JSONL, which has no header


class Delimited:
    """CSV, or TSV. Empty lines are no rows."""

    def __init__(self, file: BinaryIO, delimiter: str) -> None:
        self._rows = csv.reader(_lines(file), delimiter=delimiter)
        self.columns = [name.strip() for name in next(self._rows, [])]

    def cells(self, column: str) -> Iterator[Cell]:
        index = self.columns.index(column)
        while True:
            try:
                row = next(self._rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield Unreadable(f"line {self._rows.line_num}: {error}", "input")
                continue
            if row:
                yield row[index] if index < len(row) else None


def _lines(file: BinaryIO) -> Iterator[str]:
    text = io.TextIOWrapper(file, "utf-8-sig", "surrogateescape", newline="")
    try:
        yield from text
    finally:
        with suppress(ValueError):  # it is closed
            text.detach()  # whoever opened the file closes it


class JsonLines:
    """JSONL. Its columns are those of the first rows."""

    columns: Sequence[str] | None

    def __init__(self, file: BinaryIO) -> None:
        rows = _objects(file)
        first = list(islice(rows, _ROWS_FOR_COLUMNS))
        self._rows = chain(first, rows)
        self.columns = list(dict.fromkeys(key for row in first if isinstance(row, dict) for key in row))
        if not first:
            self.columns = None

    def cells(self, column: str) -> Iterator[Cell]:
        return (row if isinstance(row, Unreadable) else as_cell(row.get(column)) for row in self._rows)


def _objects(file: BinaryIO) -> Iterator[dict[str, Any] | Unreadable]:
    for number, line in enumerate(file, start=1):
        text = line.decode("utf-8", "surrogateescape").strip("\ufeff \t\r\n")
        if not text:
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield Unreadable(f"line {number}: {describe(error)}", "input")
            continue
        yield value if isinstance(value, dict) else Unreadable(f"line {number}: not a JSON object", "input")
