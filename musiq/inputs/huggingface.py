"""Hugging Face image data sets on disk, as `datasets` saves them; nothing is fetched."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from musiq.errors import InputError, MissingExtraError, MusiqError
from musiq.inputs.cells import as_cell, cell_item
from musiq.inputs.item import Item, portable


def is_saved(folder: str) -> bool:
    """Whether a folder is what `save_to_disk` writes."""
    return _has(folder, "dataset_dict.json") or (_has(folder, "dataset_info.json") and _has(folder, "state.json"))


def _has(folder: str, name: str) -> bool:
    return os.path.isfile(os.path.join(folder, name))  # noqa: PTH113, PTH118  # pathlib raises where it may not look


@dataclass(frozen=True)
class SavedDataSet:
    """A data set, or several splits of one.

    Attributes:
        path: its folder.
        column: of the images; None for the first whose feature is an image.
        folder: that paths are relative to; None for the data set's own.
    """

    path: str
    column: str | None = None
    folder: str | None = None

    def check(self) -> None:
        """Refuses a data set without such a column; other faults are items when it is read.

        Raises:
            InputError: names the columns that are there.
            MissingExtraError: without `datasets`.
        """
        try:
            for _, rows in self._splits():
                self._column(rows.features)
        except MusiqError:
            raise
        except Exception:
            return

    def items(self) -> Iterator[Item]:
        """An item for each row, split by split, named `folder!split/12`, or `folder!12` if there are no splits."""
        folder = self.path if self.folder is None else self.folder
        for split, rows in self._splits():
            column = self._column(rows.features)
            for index, row in enumerate(_undecoded(rows, column)):
                yield cell_item(f"{self.path}!{split}{index}", as_cell(row[column]), folder)

    def _splits(self) -> list[tuple[str, Any]]:
        """Each with what its rows' names begin with."""
        try:
            import datasets
        except ImportError as error:
            raise MissingExtraError("reading Hugging Face data sets", "huggingface") from error
        loaded = datasets.load_from_disk(self.path)
        if isinstance(loaded, datasets.DatasetDict):
            return [(f"{split}/", rows) for split, rows in loaded.items()]
        return [("", loaded)]

    def _column(self, features: Any) -> str:
        from datasets import Image

        images = [name for name, feature in features.items() if isinstance(feature, Image)]
        wanted = images[:1] if self.column is None else [self.column]
        for name in wanted:
            if name in features:
                return name
        what = "of images" if self.column is None else repr(self.column)
        raise InputError(f"{portable(self.path)}: no column {what}; its columns are: {', '.join(map(repr, features))}")


def _undecoded(rows: Any, column: str) -> Any:
    from datasets import Image

    rows = rows.with_format(None).select_columns([column])
    if isinstance(rows.features[column], Image):
        rows = rows.cast_column(column, Image(decode=False))
    return rows
