"""Parquet, a few rows at a time: columns of paths, of images, or of both as Hugging Face writes them."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from musiq.errors import MissingExtraError
from musiq.inputs.cells import Cell, as_cell

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 16  # at once; they may hold photos


class Parquet:
    """A Parquet file. Up to two row groups of the column are in memory: a page may be as long as its group."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            import pyarrow.parquet as pq
        except ImportError as error:
            raise MissingExtraError("reading Parquet", "parquet") from error
        self._file = pq.ParquetFile(file, pre_buffer=False)
        self.columns: list[str] = self._file.schema_arrow.names

    def cells(self, column: str) -> Iterator[Cell]:
        for group in range(self._file.num_row_groups):  # one by one, or two are in memory
            for batch in self._file.iter_batches(_ROWS, [group], [column], use_threads=False):
                yield from _cells(batch.column(0))


def _cells(array: "pa.Array") -> Iterator[Cell]:
    import pyarrow as pa

    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if _is_text(array.type):
        return _paths(array)
    if pa.types.is_struct(array.type):
        return _images(array)
    return (as_cell(value.as_py()) for value in array)


def _images(array: "pa.StructArray") -> Iterator[Cell]:
    """The bytes of each, or else its path."""
    import pyarrow as pa

    children = dict(zip((field.name for field in array.type), array.flatten(), strict=True))
    if not children.keys() & {"bytes", "path"}:
        return (as_cell(value.as_py()) for value in array)
    nothing = pa.nulls(len(array))
    contents, paths = (_cells(children.get(name, nothing)) for name in ("bytes", "path"))
    return (path if content is None else content for content, path in zip(contents, paths, strict=True))


def _paths(array: "pa.Array") -> Iterator[str | None]:
    """Text, of which pyarrow does not promise that it is UTF-8."""
    import pyarrow as pa

    for value in array.cast(pa.large_binary()):
        content = value.as_py()
        yield None if content is None else os.fsdecode(content)


def _is_text(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
