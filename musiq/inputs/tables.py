"""Tables whose rows name or hold images: CSV, TSV, JSONL and Parquet."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Protocol

from musiq.errors import MusiqError
from musiq.inputs.addresses import open_bytes, suffix_of
from musiq.inputs.cells import Cell, cell_item, choose_column
from musiq.inputs.item import Item
from musiq.inputs.parquet import Parquet
from musiq.inputs.text_tables import Delimited, JsonLines


class Format(Protocol):
    """An open table."""

    @property
    def columns(self) -> Sequence[str] | None:
        """Names of all; None where there is no row to tell them."""
        ...

    def cells(self, column: str) -> Iterator[Cell]:
        """The column, row by row."""
        ...


FORMATS: dict[str, Callable[[BinaryIO], Format]] = {
    ".csv": partial(Delimited, delimiter=","),
    ".tsv": partial(Delimited, delimiter="\t"),
    ".jsonl": JsonLines,
    ".parquet": Parquet,
}


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        name: its path or address.
        column: of the images; None for the first of `PATH_COLUMNS` that is there.
        folder: that paths are relative to; None for the table's own.
    """

    name: str
    column: str | None = None
    folder: str | None = None

    def check(self) -> None:
        """Refuses a table without such a column; other faults are items when it is read.

        Raises:
            InputError: names the columns that are there.
            MissingExtraError: Parquet without pyarrow.
        """
        try:
            with open_bytes(self.name) as file:
                self._open(file)
        except MusiqError:
            raise
        except Exception:
            return

    def items(self) -> Iterator[Item]:
        """An item for each row; rows count from 0."""
        folder = os.path.dirname(self.name) if self.folder is None else self.folder  # noqa: PTH120
        with open_bytes(self.name) as file:
            table, column = self._open(file)
            for row, cell in enumerate(table.cells(column)):
                yield cell_item(f"{self.name}!{row}", cell, folder)

    def _open(self, file: BinaryIO) -> tuple[Format, str]:
        table = FORMATS[suffix_of(self.name)](file)
        return table, "" if table.columns is None else choose_column(self.name, table.columns, self.column)
