"""A path and a format -> an output."""

import sys
from pathlib import Path
from typing import IO

from musiq.image import image_suffixes
from musiq.outputs.csv import Csv
from musiq.outputs.jsonl import Jsonl
from musiq.outputs.lines import LineOutput, Lines
from musiq.outputs.output import Format, Lasting, Output, naming
from musiq.outputs.parquet import ParquetOutput
from musiq.outputs.stream import StreamOutput
from musiq.outputs.table import TableOutput
from musiq.rows import Scoring

LINES: dict[Format, type[Lines]] = {"csv": Csv, "jsonl": Jsonl}
SUFFIXES: dict[str, Lasting] = {".csv": "csv", ".jsonl": "jsonl", ".parquet": "parquet"}


def lasting_format(path: Path, format: Lasting | None) -> Lasting:
    """The format that is given, or else that of the suffix.

    Raises:
        ValueError: neither names one.
    """
    chosen = format or SUFFIXES.get(path.suffix.lower())
    if chosen is None:
        raise ValueError(f"{path}: its suffix names no format; give --format csv, jsonl or parquet")
    return chosen


def open_output(
    path: Path | None,
    format: Format,
    *,
    overwrite: bool = False,
    retry_errors: bool = False,
    scoring: Scoring | None = None,
    stdout: IO[str] | None = None,
) -> Output:
    """Where the rows of a run go; what is there is continued, except for a table.

    Args:
        path: of a file, for Parquet of a folder; None for stdout.
        overwrite: what is there instead of continuing it.
        retry_errors: takes rows with an error out of what is there, so that their images are scored anew.
        scoring: of this run, which the scores that are there must be of.
        stdout: in place of `sys.stdout`.

    Raises:
        OutputError: what is there is no output of ours, or another run writes to it.
        ValueError: the path cannot be written.
    """
    if path is None:
        return _to_stdout(format, stdout or sys.stdout)
    if path.suffix.lower() in image_suffixes():
        raise ValueError(f"--output {path}: {path.suffix} is a suffix of images; rows would replace one")
    with naming(path):
        if format == "parquet":
            return ParquetOutput(path, overwrite=overwrite, retry_errors=retry_errors, scoring=scoring)
        if format == "table":
            return TableOutput(open(path, "w", encoding="utf-8", newline=""), path)
        lines = LINES[format]()
        if path.exists() and not path.is_file() and not path.is_dir():  # a pipe or a device: it keeps nothing
            return StreamOutput(open(path, "w", encoding="utf-8", newline=""), lines, path)
        return LineOutput(path, lines, overwrite=overwrite, retry_errors=retry_errors, scoring=scoring)


def _to_stdout(format: Format, file: IO[str]) -> Output:
    if format == "parquet":
        raise ValueError("--format parquet needs --output FOLDER: it cannot go to stdout")
    return TableOutput(file) if format == "table" else StreamOutput(file, LINES[format]())
