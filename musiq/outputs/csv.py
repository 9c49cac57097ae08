"""Rows as CSV: every column but the distribution; notes are joined by `; `, and what is not known is empty."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from musiq.outputs.columns import CELLS, Cell
from musiq.outputs.lines import Record, damaged
from musiq.rows import COLUMNS, Row

CSV_COLUMNS = tuple(name for name in COLUMNS if name != "distribution")
JOINT = "; "
_LONGEST_CELL = 2**31 - 1  # the csv module's own limit is below what a name in an archive may have

_READERS: dict[Cell, Callable[[str], Any]] = {
    "text": lambda cell: cell or None,
    "number": lambda cell: float(cell) if cell else None,
    "count": lambda cell: int(cell) if cell else None,
    "texts": lambda cell: tuple(cell.split(JOINT)) if cell else (),
}
_COLUMN_READERS: dict[str, Callable[[str], Any]] = {name: _READERS[CELLS[name]] for name in CSV_COLUMNS}
_COLUMN_READERS["path"] = str  # never None


class _Back:
    """A file for `csv.writer`, whose `writerow` returns what `write` does. `\r\n` lets it quote a lone `\r`, too."""

    @staticmethod
    def write(text: str) -> str:
        return text.removesuffix("\r\n") + "\n"


_WRITER = csv.writer(_Back, lineterminator="\r\n")
_NOTES = CSV_COLUMNS.index("notes")


def csv_line(cells: Iterable[object]) -> str:
    """A line that this and other readers of CSV take apart again, whatever the cells hold."""
    return _WRITER.writerow(cells)


def csv_cells(row: Row) -> list[object]:
    """A row as cells, in the order of `CSV_COLUMNS`."""
    cells = [getattr(row, name) for name in CSV_COLUMNS]
    cells[_NOTES] = JOINT.join(row.notes)
    return cells


class Csv:
    """How rows stand in a CSV file."""

    header = start = csv_line(CSV_COLUMNS).encode()

    def encode(self, row: Row) -> bytes:
        return csv_line(csv_cells(row)).encode()

    def end(self, file: BinaryIO, name: str) -> int:
        end = position = file.seek(len(self.header))
        quotes, number, after = 0, 1, 2
        for line in file:
            position += len(line)
            quotes += line.count(b'"')
            number += 1
            if quotes % 2 == 0 and line.endswith(b"\n"):
                end, after = position, number + 1
        _check_torn(file, end, f"{name}, line {after}")
        return end

    def records(self, lines: Iterable[bytes], name: str) -> Iterator[Record]:
        text, number = list[bytes](), 2
        reader = csv.reader(_decoded(lines, text), strict=True)
        while True:
            try:
                with _long_cells():
                    cells = next(reader, None)
                if cells is None:
                    return
                row = _row(cells)
            except (csv.Error, ValueError) as error:
                raise damaged(f"{name}, line {number}", error) from error
            yield Record(number, b"".join(text), row)
            number += len(text)
            text.clear()


@contextmanager
def _long_cells() -> Iterator[None]:
    """Context in which the csv module reads cells of any length; its limit is one for the whole process."""
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _decoded(lines: Iterable[bytes], text: list[bytes]) -> Iterator[str]:
    """The lines as text; keeps them in `text`, too."""
    for line in lines:
        text.append(line)
        yield line.decode()


def _row(cells: Sequence[str]) -> Row:
    if len(cells) != len(CSV_COLUMNS):
        raise ValueError(f"{len(cells)} cells instead of {len(CSV_COLUMNS)}")
    readers = _COLUMN_READERS.items()
    return Row(**{name: read(cell) for (name, read), cell in zip(readers, cells, strict=True)})


def _check_torn(file: BinaryIO, end: int, place: str) -> None:
    """Refuses a row without an end that other rows follow: to cut it off would lose them."""
    file.seek(end)
    file.readline()
    for line in file:
        with suppress(csv.Error, ValueError):
            if line.endswith(b"\n") and [_row(cells) for cells in csv.reader([line.decode()], strict=True)]:
                raise damaged(place, ValueError("a quoted cell that does not end"))
