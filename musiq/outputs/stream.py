"""Rows to a pipe or a terminal: a line per row, at once."""

from pathlib import Path
from typing import IO

from musiq.outputs.lines import Lines
from musiq.outputs.output import Output, naming
from musiq.rows import Row


class StreamOutput(Output):
    """Rows to a text file that keeps nothing.

    Args:
        file: to write to, in UTF-8 where there are bytes below its text.
        lines: how rows stand in it.
        path: of the file, which then is closed at the end; None for stdout.
    """

    def __init__(self, file: IO[str], lines: Lines, path: Path | None = None) -> None:
        self._file, self._lines, self._path = file, lines, path
        self._put(lines.header)

    def write(self, row: Row) -> None:
        self._put(self._lines.encode(row))

    def _put(self, text: bytes) -> None:
        with naming(self._path):
            if hasattr(self._file, "buffer"):
                self._file.buffer.write(text)
            else:
                self._file.write(text.decode())
            self._file.flush()

    def close(self) -> None:
        if self._path is not None:
            with naming(self._path):
                self._file.close()
