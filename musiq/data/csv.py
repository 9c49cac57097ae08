"""A user's own data set: a CSV and a folder of images.

Columns: `image` (path below the folder) and `mos`; optionally `split` (train, val, test), `spread` (standard deviation
of the ratings), `histogram` (counts of the ratings, worst first, separated by spaces) and `group` (images of one group
stay in one split).
"""

import csv
from collections.abc import Sequence
from pathlib import Path

from musiq.data.record import DataSet, Record
from musiq.data.table import Row, locate, read_table
from musiq.errors import DataError


def read_csv(table: Path, images: Path) -> DataSet:
    """The rows of a CSV, each with an existing image and a finite MOS.

    Raises:
        DataError: names the file, row and column at fault.
    """
    rows = read_table(table, ("image", "mos"))
    records = [_record(row, path) for row, path in locate(rows, "image", images)]
    lengths = {len(record.histogram) for record in records if record.histogram is not None}
    if len(lengths) > 1:
        raise DataError(f"{table}: histograms of {sorted(lengths)} values; all must have the same number")
    return DataSet(table.name, tuple(records))


def _record(row: Row, path: Path) -> Record:
    return Record(
        image=path,
        name=row.text("image"),
        mos=row.number("mos"),
        split=row.cells.get("split", "").strip(),
        spread=row.number("spread", low=0) if row.cells.get("spread", "").strip() else None,
        histogram=_histogram(row),
        group=row.cells.get("group", "").strip(),
    )


def _histogram(row: Row) -> tuple[float, ...] | None:
    text = row.cells.get("histogram", "").strip()
    if not text:
        return None
    counts = tuple(Row(row.place, {"histogram": part}).number("histogram", low=0) for part in text.split())
    if sum(counts) <= 0:
        raise DataError(f"{row.place}: histogram {text!r} holds no rating")
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
