"""An output -> its rows."""

from collections.abc import Iterator
from pathlib import Path

from musiq.errors import OutputError
from musiq.outputs.csv import Csv
from musiq.outputs.jsonl import Jsonl
from musiq.outputs.lines import Lines, read_records, whole_bytes
from musiq.outputs.parquet import read_parts
from musiq.outputs.parts import read_part, require_pyarrow
from musiq.rows import Row


def read_rows(path: Path) -> Iterator[Row]:
    """The whole rows of a CSV, JSONL or Parquet output, one by one, whether its run has ended or not.

    CSV does not know the distribution, and takes an empty text for none.

    Raises:
        OutputError: it is no such output, or damaged; names the file and the line.
    """
    try:
        if path.is_dir():
            yield from read_parts(path)
        elif path.suffix == ".parquet":
            require_pyarrow("reading Parquet")
            yield from read_part(path)
        else:
            lines = _lines_of(path)
            yield from (record.row for record in read_records(path, lines, whole_bytes(path, lines)))
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror or error}") from error


def _lines_of(path: Path) -> Lines:
    with open(path, "rb") as file:
        return Jsonl() if file.read(1) == Jsonl.start[:1] else Csv()
