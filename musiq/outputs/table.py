"""Rows for people: a table at the end."""

from pathlib import Path
from typing import IO

from musiq.outputs.output import Output, naming
from musiq.rows import Row
from musiq.tables import print_table

OPTIONAL = ("+-", "better than", "band")  # what not every checkpoint knows
RIGHT = ("score", "+-", "better than", "size")


class TableOutput(Output):
    """Keeps what the table shows, and prints it when closed.

    Args:
        file: to print to.
        path: of the file, which then is closed at the end; None for stdout.
    """

    def __init__(self, file: IO[str], path: Path | None = None) -> None:
        self._file, self._path, self._cells = file, path, list[dict[str, str]]()

    def write(self, row: Row) -> None:
        self._cells.append(_cells(row))

    def close(self) -> None:
        cells, self._cells = self._cells, []
        with naming(self._path):
            if cells:
                self._print(cells)
            if self._path is not None:
                self._file.close()

    def _print(self, cells: list[dict[str, str]]) -> None:
        columns = [name for name in cells[0] if name not in OPTIONAL or any(row[name] for row in cells)]
        print_table(columns, ([row[name] for name in columns] for row in cells), self._file, right=RIGHT)


def _cells(row: Row) -> dict[str, str]:
    path = row.path.replace("\n", "\ufffd")
    if row.error is not None or row.score is None:
        reason = (row.error or "no score").removeprefix(f"{row.path}: ").replace("\n", " ")
        unknown = {"score": "-", **dict.fromkeys(OPTIONAL, ""), "size": "-"}
        return unknown | {"image": path, "remarks": f"failed: {reason}"}
    low, high, percentile = row.interval_low, row.interval_high, row.percentile
    return {
        "score": f"{row.score:.2f}",
        "+-": "" if low is None or high is None else f"{(high - low) / 2:.1f}",
        "better than": "" if percentile is None else f"{percentile:.0f} %",
        "band": row.band or "",
        "size": f"{row.width}x{row.height}",
        "image": path,
        "remarks": ", ".join(row.notes),
    }
