"""A user's own data set: a CSV and a folder of images.

Columns: `image` (path below the folder) and `mos`; optionally `split` (train, val, test), `spread` (standard deviation
of the ratings), `histogram` (counts of the ratings, worst first, separated by spaces) and `group` (images of one group
stay in one split). A table of the common PyTorch toolbox is read, too, by its own columns: see `musiq.data.toolbox`.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

from musiq.data.record import DataSet, Record
from musiq.data.table import Row, check_rows, locate, read_rows
from musiq.data.toolbox import UNDIRECTED, Columns, toolbox_columns, with_split
from musiq.errors import DataError

NUMBERED = {"0": "train", "1": "val", "2": "test"}  # how some tables write splits
SPLITS = tuple(NUMBERED.values())


def read_csv(table: Path, images: Path, split_column: str | None = None, *, directed: bool = False) -> DataSet:
    """The rows of a CSV, each with an existing image and a finite MOS.

    Args:
        table: the CSV.
        images: folder that its paths are relative to.
        split_column: which column holds the split; None for `split`, or `official_split` of the toolbox's tables.
        directed: whether somebody has said which end of the ratings is the better one; a column `dmos` leaves it open.

    Raises:
        DataError: names the file, row and column at fault.
    """
    header, rows = read_rows(table)
    columns = toolbox_columns(header) or Columns()
    check_rows(table, header, rows, (columns.image, columns.mos))
    if columns.mos.lower() == UNDIRECTED and not directed:
        raise DataError(
            f"{table}: column {columns.mos} does not tell which end is better; say --mos-range, 1:5 for instance, or "
            "5:1 where lower is better"
        )
    if split_column is not None:
        columns = with_split(columns, split_column, header, str(table))
    records = [_record(row, path, columns) for row, path in locate(rows, columns.image, images)]
    lengths = {len(record.histogram) for record in records if record.histogram is not None}
    if len(lengths) > 1:
        raise DataError(f"{table}: histograms of {sorted(lengths)} values; all must have the same number")
    return DataSet(table.name, tuple(records))


def _record(row: Row, path: Path, columns: Columns) -> Record:
    return Record(
        image=path,
        name=row.text(columns.image),
        mos=row.number(columns.mos),
        split=(_numbered_split if columns.numbered else _text)(row, columns.split),
        spread=row.number(columns.spread, low=0) if _text(row, columns.spread) else None,
        histogram=_counts(row, columns.counts) if columns.counts else _histogram(row),
        group=_text(row, columns.group),
    )


def _text(row: Row, column: str) -> str:
    return row.cells.get(column, "").strip()


def _numbered_split(row: Row, column: str) -> str:
    """The split, its number made a name. Any other number shows that the column holds something else."""
    text = _text(row, column)
    if text.replace(".", "", 1).isdigit() and text not in NUMBERED:
        names = ", ".join(f"{number} {name}" for number, name in NUMBERED.items())
        raise DataError(f"{row.place}: {column} {text!r} is no split; numbers are {names}")
    return NUMBERED.get(text, text.lower() if text.lower() in SPLITS else text)


def _histogram(row: Row) -> tuple[float, ...] | None:
    text = _text(row, "histogram")
    if not text:
        return None
    counts = tuple(Row(row.place, {"histogram": part}).number("histogram", low=0) for part in text.split())
    return _not_empty(row, counts, f"histogram {text!r}")


def _counts(row: Row, columns: Sequence[str]) -> tuple[float, ...]:
    counts = tuple(row.number(column, low=0) for column in columns)
    return _not_empty(row, counts, f"{columns[0]} to {columns[-1]}")


def _not_empty(row: Row, counts: tuple[float, ...], what: str) -> tuple[float, ...]:
    if sum(counts) <= 0:
        raise DataError(f"{row.place}: {what} holds no rating")
    return counts


def write_csv(table: Path, records: Sequence[Record], images: Path) -> None:
    """Records as such a CSV, their paths relative to `images`."""
    with open(table, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image", "mos", "spread", "histogram", "group", "split"])
        for record in records:
            histogram = "" if record.histogram is None else " ".join(f"{count:g}" for count in record.histogram)
            spread = "" if record.spread is None else repr(record.spread)
            path = record.image.relative_to(images).as_posix()
            writer.writerow([path, repr(record.mos), spread, histogram, record.group, record.split])
