"""Rows as a folder of Parquet parts, and the rows since the last part in a journal of lines beside them."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path

from musiq.errors import OutputError
from musiq.outputs.jsonl import Jsonl
from musiq.outputs.lines import LineOutput, Record, read_records, whole_bytes
from musiq.outputs.output import Output, check_scoring, naming
from musiq.outputs.parts import (
    drop_errors,
    list_parts,
    part_number,
    read_part,
    require_pyarrow,
    write_part,
)
from musiq.rows import Row, Scoring

ROWS_PER_PART = 100_000
JOURNAL = "_journal.jsonl"
_SCORING = ("score", "weights", "preprocess", "precision", "width", "height")  # what makes scores comparable
_CHECKED = ("path", "kind", *_SCORING, "bytes", "content", "time")


class ParquetOutput(Output):
    """A folder `part-000000.parquet`, ...; each row is in the journal until the part that it is in is on the disk.

    Args:
        folder: of the parts, made if need be; what it holds is continued.
        overwrite, retry_errors, scoring: as in `open_output`.
        rows_per_part: after so many the journal becomes a part.
    """

    def __init__(
        self,
        folder: Path,
        *,
        overwrite: bool = False,
        retry_errors: bool = False,
        scoring: Scoring | None = None,
        rows_per_part: int = ROWS_PER_PART,
    ) -> None:
        require_pyarrow("writing Parquet")
        self._folder, self._scoring, self._rows_per_part = folder, scoring, rows_per_part
        folder.mkdir(exist_ok=True)
        _check_folder(folder)
        self._journal: LineOutput | None = LineOutput(folder / JOURNAL, Jsonl(), overwrite=overwrite, scoring=scoring)
        try:
            self._begin(self._journal, overwrite, retry_errors)
        except BaseException:
            self._journal.close()
            raise

    def _begin(self, journal: LineOutput, overwrite: bool, retry_errors: bool) -> None:
        for path in self._folder.glob("_part-*.partial"):
            path.unlink()
        if overwrite:
            for path in list_parts(self._folder):
                path.unlink()
        elif _is_in_last_part(self._folder):
            journal.clear()
        self._waiting = sum(1 for _ in journal.records())
        if retry_errors and not overwrite:
            for _ in self.done():
                pass  # nothing is changed of what this run may not continue
            self._make_part(journal)
            for path in list_parts(self._folder):
                drop_errors(path)

    def done(self) -> Iterator[Row]:
        for path in list_parts(self._folder):
            for row in read_part(path, _CHECKED):
                check_scoring(row, self._scoring, str(path))
                yield row
        if self._journal is not None:
            yield from self._journal.done()

    def write(self, row: Row) -> None:
        if self._journal is None:
            raise ValueError(f"--output {self._folder}: closed")
        self._journal.write(row)
        self._waiting += 1
        if self._waiting >= self._rows_per_part:
            with naming(self._folder):
                self._make_part(self._journal)

    def close(self) -> None:
        journal, self._journal = self._journal, None
        if journal is not None:
            with naming(self._folder):
                try:
                    self._make_part(journal)
                    with suppress(PermissionError):  # Windows removes no file that is open
                        (self._folder / JOURNAL).unlink()
                finally:
                    journal.close()

    def _make_part(self, journal: LineOutput) -> None:
        """Turns the journal into a part. Killed between the two steps, both hold the rows: see `_is_in_last_part`."""
        if not self._waiting:
            return
        last = max(map(part_number, self._folder.iterdir()), default=-1)
        journal.sync()
        write_part(self._folder / f"part-{last + 1:06d}.parquet", (row for _, _, row in _journal(self._folder)))
        journal.clear()
        self._waiting = 0


def read_parts(folder: Path) -> Iterator[Row]:
    """The rows of such a folder, one by one, finished or not."""
    require_pyarrow("reading Parquet")
    parts, is_open = list_parts(folder), (folder / JOURNAL).exists()
    if not parts and not is_open:
        raise OutputError(f"{folder}: a folder without Parquet parts")
    for path in parts:
        yield from read_part(path)
    if is_open and not _is_in_last_part(folder):
        yield from (row for _, _, row in _journal(folder))


def _journal(folder: Path) -> Iterator[Record]:
    path = folder / JOURNAL
    return read_records(path, Jsonl(), whole_bytes(path, Jsonl()))


def _is_in_last_part(folder: Path) -> bool:
    """Whether the last part was made of exactly what stands in the journal."""
    parts = list_parts(folder)
    if not parts:
        return False
    pairs = zip_longest(read_part(parts[-1]), _journal(folder))
    return all(row and record and Jsonl().encode(row) == record.text for row, record in pairs)


def _check_folder(folder: Path) -> None:
    for path in folder.iterdir():
        if part_number(path) < 0 and not path.name.startswith(("_", ".")):
            raise OutputError(
                f"{folder}: holds {path.name}, which is no part of such an output; choose another --output"
            )
