"""Tables of ratings as their authors published them: CSV and XLSX, every fault named by file, row and column."""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from musiq.errors import DataError, MissingExtraError


@dataclass(frozen=True)
class Row:
    """One row: its cells by column name, and where it stands (`file, row 12`) for messages."""

    place: str
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """The cell's text, which must not be empty."""
        value = self.cells.get(column) or ""
        if not value.strip():
            raise DataError(f"{self.place}: {column} is empty")
        return value.strip()

    def choice(self, column: str, choices: Iterable[str]) -> str:
        """The cell's text, which must be one of `choices`."""
        value = self.text(column)
        if value not in choices:
            raise DataError(f"{self.place}: {column} {value!r} is none of {', '.join(choices)}")
        return value

    def number(self, column: str, low: float = -math.inf, high: float = math.inf) -> float:
        """The cell as a finite number within [low, high]."""
        text = self.cells.get(column) or ""
        try:
            value = float(text)
        except ValueError:
            raise DataError(f"{self.place}: {column} {text!r} is not a number") from None
        if not math.isfinite(value):
            raise DataError(f"{self.place}: {column} {text!r} is not finite")
        if not low <= value <= high:
            raise DataError(f"{self.place}: {column} {text} is outside {low:g}..{high:g}")
        return value


def read_table(path: Path, columns: Iterable[str]) -> list[Row]:
    """The rows of a CSV or XLSX file whose header holds `columns` (and perhaps more).

    Raises:
        DataError: the file is missing, unreadable, empty, or lacks a column.
    """
    header, rows = read_rows(path)
    check_rows(path, header, rows, columns)
    return rows


def read_rows(path: Path) -> tuple[list[str], list[Row]]:
    """Header and rows of a CSV or XLSX file, either empty where it has none.

    Raises:
        DataError: the file is missing or unreadable.
    """
    header, lines = _read_xlsx(path) if path.suffix.lower() == ".xlsx" else _read_csv(path)
    rows = [
        Row(f"{path}, row {number}", dict(zip(header, line, strict=False)))
        for number, line in enumerate(lines, start=2)
        if any(line)
    ]
    return header, rows


def check_rows(path: Path, header: Sequence[str], rows: Sequence[Row], columns: Iterable[str]) -> None:
    """Refuses a file without a row, or whose header lacks one of `columns`."""
    missing = [column for column in columns if column not in header]
    if missing:
        raise DataError(f"{path}: column {', '.join(missing)} is missing; it has {list(header)}")
    if not rows:
        raise DataError(f"{path}: no row")


def _read_csv(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            lines = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as CSV: {error}") from error
    return ([cell.strip() for cell in lines[0]], lines[1:]) if lines else ([], [])


def _read_xlsx(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        import openpyxl
    except ImportError as error:
        raise MissingExtraError("reading XLSX", "train") from error
    try:
        with closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as book:
            sheet = book.worksheets[0].iter_rows(values_only=True)
            lines = [["" if cell is None else str(cell) for cell in line] for line in sheet]
    except Exception as error:  # openpyxl lets zip and XML errors through
        raise DataError(f"{path}: cannot be read as XLSX: {error}") from error
    return ([cell.strip() for cell in lines[0]], lines[1:]) if lines else ([], [])


def locate(rows: Sequence[Row], column: str, folder: Path) -> list[tuple[Row, Path]]:
    """Each row with the file below `folder` that its `column` names.

    Raises:
        DataError: a name is empty, stands twice, or has no file.
    """
    names = [(row.text(column), row.place) for row in rows]
    check_unique(names)
    return list(zip(rows, find_images(folder, names), strict=True))


def check_unique(names: Sequence[tuple[str, str]]) -> None:
    """Refuses a name that stands in two places; takes (name, place) pairs."""
    seen = dict[str, str]()
    for name, place in names:
        if name in seen:
            raise DataError(f"{place}: image {name!r} stands already in {seen[name]}")
        seen[name] = place


def find_images(folder: Path, names: Sequence[tuple[str, str]]) -> list[Path]:
    """The file of each (name, place) below `folder`; the suffix may differ in case.

    Raises:
        DataError: says how many are missing and names the first of them.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder of images")
    found = [_find(folder / name) for name, _ in names]
    missing = [pair for pair, path in zip(names, found, strict=True) if path is None]
    if missing:
        (name, place), count = missing[0], len(missing)
        others = f" (and {count - 1} more of {len(names)})" if count > 1 else ""
        raise DataError(f"{place}: image {name!r} is not in {folder}{others}")
    return [path for path in found if path is not None]


def _find(path: Path) -> Path | None:
    for candidate in (path, path.with_suffix(path.suffix.upper()), path.with_suffix(path.suffix.lower())):
        if candidate.is_file():
            return candidate
    return None
