"""Rows in a text file that a kill at any moment leaves whole but for its last row, which the next run cuts off."""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from musiq.atomic import sync_folder
from musiq.errors import OutputError
from musiq.outputs.lock import exclusive, open_locked, release
from musiq.outputs.output import ELSE, Output, check_scoring, naming
from musiq.rows import Row, Scoring


class Record(NamedTuple):
    """A row as it stands in a file: the number of its first line, its bytes, and what they say."""

    line: int
    text: bytes
    row: Row


class Lines(Protocol):
    """How rows stand in a file.

    Attributes:
        header: before the first row.
        start: how every file that has a row begins.
    """

    header: bytes
    start: bytes

    def encode(self, row: Row) -> bytes:
        """The row, its line end included."""
        ...

    def end(self, file: BinaryIO, name: str) -> int:
        """Where the last whole row ends, in bytes; `name` is for messages.

        Raises:
            OutputError: rows follow one that is not whole.
        """
        ...

    def records(self, lines: Iterable[bytes], name: str) -> Iterator[Record]:
        """The rows; `lines` are those below the header.

        Raises:
            OutputError: a line is no row; names it.
        """
        ...


def damaged(place: str, error: Exception) -> OutputError:
    """The error of a line that is no row."""
    return OutputError(f"{place}: not a row of such an output ({error}); {ELSE}")


class LineOutput(Output):
    """A file of rows. Each goes to the operating system by itself, in one piece, before `write` returns.

    Args:
        path: of the file; what it holds is continued.
        lines: how rows stand in it.
        overwrite, retry_errors, scoring: as in `open_output`.
    """

    def __init__(
        self,
        path: Path,
        lines: Lines,
        *,
        overwrite: bool = False,
        retry_errors: bool = False,
        scoring: Scoring | None = None,
    ) -> None:
        self._path, self._lines, self._scoring = path, lines, scoring
        if retry_errors and not overwrite and path.exists():
            _drop_errors(path.resolve(), lines, scoring)
        self._file: int | None = open_locked(path)
        try:
            self._end = self._begin(self._file, overwrite)
        except BaseException:
            release(self._file)
            raise

    def _begin(self, file: int, overwrite: bool) -> int:
        if overwrite:
            check_start(self._path, self._lines)
        end = 0 if overwrite else whole_bytes(self._path, self._lines)
        os.truncate(file, end)
        if end == 0:
            _append(file, self._lines.header)
        return max(end, len(self._lines.header))

    def records(self) -> Iterator[Record]:
        """The rows that were there when the file was opened."""
        return read_records(self._path, self._lines, self._end)

    def done(self) -> Iterator[Row]:
        for line, _, row in self.records():
            check_scoring(row, self._scoring, f"{self._path}, line {line}")
            yield row

    def write(self, row: Row) -> None:
        if self._file is None:
            raise ValueError(f"--output {self._path}: closed")
        with naming(self._path):
            _append(self._file, self._lines.encode(row))

    def sync(self) -> None:
        """Has every row on the disk."""
        if self._file is not None:
            os.fsync(self._file)

    def clear(self) -> None:
        """Takes all rows out, and has that on the disk."""
        if self._file is not None:
            self._end = len(self._lines.header)
            os.truncate(self._file, self._end)
            os.fsync(self._file)

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with naming(self._path):
                try:
                    os.fsync(file)
                finally:
                    release(file)


def whole_bytes(path: Path, lines: Lines) -> int:
    """How many bytes of a file are header and whole rows; 0 where not even a header is.

    Raises:
        OutputError: it is no such file.
    """
    found = check_start(path, lines)
    with open(path, "rb") as file:
        end = lines.end(file, str(path)) if found == lines.start else 0
    next(read_records(path, lines, end), None)  # nothing is cut off what is not ours
    return end


def check_start(path: Path, lines: Lines) -> bytes:
    """How a file begins.

    Raises:
        OutputError: it is no such file, nor an empty one; not even `overwrite` replaces it.
    """
    with open(path, "rb") as file:
        found = file.read(len(lines.start))
    if not lines.start.startswith(found):
        raise OutputError(f"{path}, line 1: not the start of such an output; choose another --output")
    return found


def read_records(path: Path, lines: Lines, end: int) -> Iterator[Record]:
    """The rows in the first `end` bytes of a file, one by one."""
    with open(path, "rb") as file:
        file.seek(len(lines.header))
        yield from lines.records(_lines_until(file, end), str(path))


def _lines_until(file: BinaryIO, end: int) -> Iterator[bytes]:
    position = file.tell()
    for line in file:
        position += len(line)
        if position > end:
            return
        yield line


def _append(file: int, text: bytes) -> None:
    """Writes at the end, all or nothing."""
    start = os.lseek(file, 0, os.SEEK_END)
    try:
        written = os.write(file, text)
        while written < len(text):  # a disk that is almost full takes a part
            written += os.write(file, text[written:])
    except OSError:
        os.truncate(file, start)
        raise


def _drop_errors(path: Path, lines: Lines, scoring: Scoring | None) -> None:
    """Takes the rows with an error out of a file, in one step."""
    partial = path.with_name(f".{path.name}.partial")
    with exclusive(path):
        try:
            if _copy_scores(path, partial, lines, scoring):
                shutil.copymode(path, partial)
                partial.replace(path)
                sync_folder(path.parent)
        finally:
            partial.unlink(missing_ok=True)


def _copy_scores(path: Path, copy: Path, lines: Lines, scoring: Scoring | None) -> int:
    """How many rows have an error; the others are in the copy."""
    errors = 0
    with open(copy, "wb") as file:
        file.write(lines.header)
        for record in read_records(path, lines, whole_bytes(path, lines)):
            check_scoring(record.row, scoring, f"{path}, line {record.line}")
            if record.row.kind is None:
                file.write(record.text)
            else:
                errors += 1
        file.flush()
        os.fsync(file.fileno())
    return errors
