"""Cells of tables: which column says what the images are, and the item that a cell stands for."""

import os
from collections.abc import Mapping, Sequence

from musiq.errors import InputError
from musiq.inputs.addresses import path_item
from musiq.inputs.item import Held, Item, Unreadable, portable

PATH_COLUMNS = ("path", "image", "file", "file_name", "filename")
Cell = str | bytes | Unreadable | None


def choose_column(table: str, columns: Sequence[str], wanted: str | None) -> str:
    """The column that is wanted, or else the first of `PATH_COLUMNS` that is there.

    Raises:
        InputError: it is not there; says which are.
    """
    names = PATH_COLUMNS if wanted is None else (wanted,)
    for name in names:
        if name in columns:
            return name
    there = ", ".join(map(repr, columns)) or "none"
    raise InputError(f"{portable(table)}: no column {' or '.join(map(repr, names))}; its columns are: {there}")


def as_cell(value: object) -> Cell:
    """A value as Python has it: a path, bytes, nothing, or both of the former as Hugging Face writes images."""
    if isinstance(value, Mapping) and value.keys() & {"bytes", "path"}:
        content = value.get("bytes")
        value = value.get("path") if content is None else content
    if value is None or isinstance(value, str | bytes):
        return value
    return Unreadable(f"the cell is neither a path nor an image but of type {type(value).__name__}", "input")


def cell_item(name: str, cell: Cell, folder: str) -> Item:
    """The item of a cell.

    Args:
        name: of the item where the cell is no path.
        cell: a path relative to `folder`, an address, the bytes of an image, or what is wrong with it.
    """
    if isinstance(cell, str) and cell:
        return path_item(cell if "://" in cell else os.path.join(folder, cell))  # noqa: PTH118  # it stays as written
    if isinstance(cell, bytes):
        return Item(portable(name), Held(cell))
    return Item(portable(name), cell or Unreadable("the cell is empty", "missing"))
