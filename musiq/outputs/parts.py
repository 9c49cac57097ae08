"""Rows as Parquet files, each written whole or not at all."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from musiq.atomic import sync_folder
from musiq.errors import MissingExtraError, OutputError
from musiq.outputs.columns import CELLS
from musiq.outputs.output import ELSE
from musiq.rows import COLUMNS, Row

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

_NAME = re.compile(r"part-(\d{6,})\.parquet")
_BATCH = 10_000  # rows in memory


def require_pyarrow(feature: str) -> None:
    """Refuses to go on without pyarrow."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(feature, "parquet") from error


def part_number(path: Path) -> int:
    """Which part a file is; -1 for other files."""
    found = _NAME.fullmatch(path.name)
    return int(found[1]) if found else -1


def list_parts(folder: Path) -> list[Path]:
    """The parts in a folder, in order."""
    return sorted((path for path in folder.iterdir() if part_number(path) >= 0), key=part_number)


def write_part(path: Path, rows: Iterable[Row]) -> None:
    """Writes a part in one step."""
    import pyarrow as pa

    waiting = iter(rows)
    chunks = iter(lambda: list(islice(waiting, _BATCH)), [])
    _write(path, (pa.RecordBatch.from_pylist([row.as_dict() for row in chunk], row_schema()) for chunk in chunks))


def read_part(path: Path, columns: Sequence[str] = COLUMNS) -> Iterator[Row]:
    """The rows of a part; what `columns` does not name is left out of them.

    Raises:
        OutputError: it is no part.
    """
    with _open(path) as part:
        for batch in part.iter_batches(_BATCH, columns=list(columns)):
            yield from map(Row.from_dict, batch.to_pylist())


def drop_errors(path: Path) -> None:
    """Takes the rows with an error out of a part, in one step; a part of no other rows is removed."""
    import pyarrow.compute as pc

    with _open(path) as part:
        kinds = part.read(["kind"])["kind"]
        if kinds.null_count == len(kinds):
            return
        scores = part.read().filter(pc.is_null(kinds))
    if scores.num_rows:
        _write(path, scores.to_batches())
    else:
        path.unlink()


def _write(path: Path, batches: Iterable["pa.RecordBatch"]) -> None:
    from pyarrow.parquet import ParquetWriter

    partial = path.with_name(f"_{path.name}.partial")  # readers of folders leave out what starts with _
    with open(partial, "wb") as file:
        with ParquetWriter(file, row_schema(), compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


@contextmanager
def _open(path: Path) -> Iterator["ParquetFile"]:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        with open(path, "rb") as file:
            part = ParquetFile(file)
            if not part.schema_arrow.equals(row_schema()):
                raise OutputError(f"{path}: not the columns of such an output; {ELSE}")
            yield part
    except (pa.ArrowException, OSError) as error:
        raise OutputError(f"{path}: cannot be read as Parquet ({error}); {ELSE}") from error


@cache
def row_schema() -> "pa.Schema":
    """The columns of a row with their types."""
    import pyarrow as pa

    types = {
        "text": pa.string(),
        "number": pa.float64(),
        "count": pa.int64(),
        "texts": pa.list_(pa.string()),
        "numbers": pa.list_(pa.float64()),
    }
    return pa.schema([pa.field(name, types[cell], nullable=name != "path") for name, cell in CELLS.items()])
