"""Scores as columns of a Hugging Face data set: a function for its `map`."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from musiq.checkpoint import Checkpoint, describe
from musiq.errors import CheckpointError, ImageError, InputError
from musiq.image import image_name
from musiq.inputs.cells import as_cell
from musiq.inputs.item import Unreadable
from musiq.outputs.columns import CELLS
from musiq.outputs.parts import require_pyarrow, row_schema
from musiq.scorer import Scorer
from musiq.sources import load_checkpoint, locate

UNKNOWN = ("path", "bytes", "content", "seconds")  # columns of a row that are of files, and of runs over them


class BatchScorer:
    """Scores the images of a batch; called by `Dataset.map(..., batched=True)`, see `score_batch`.

    Each process that it is sent to loads one scorer when its first batch comes. What is pickled, and so what `datasets`
    recognises earlier results by, is where the checkpoint is, what it says of itself (the hash of its weights, its
    preprocessing, what its scores mean), the columns and the options.
    """

    def __init__(self, checkpoint: str | Path, column: str, columns: Sequence[str], options: Mapping[str, Any]) -> None:
        if faults := [name for name in columns if name not in CELLS or name in UNKNOWN]:
            there = ", ".join(name for name in CELLS if name not in UNKNOWN)
            raise ValueError(f"no column {', '.join(map(repr, faults))}; there are: {there}")
        self._source = str(locate(checkpoint).resolve())
        self._facts = _digest(load_checkpoint(checkpoint))
        self._column, self._columns, self._options = column, tuple(columns), dict(options)
        self._scorer: Scorer | None = None

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[Any]]:
        """A list for each new column.

        Raises:
            CheckpointError: the checkpoint has changed since this was made.
            InputError: the batch has no such column.
        """
        scorer, images = self._load(), _images(batch, self._column)
        scores = scorer.score_many(image for image in images if not isinstance(image, ImageError))
        results = [image if isinstance(image, ImageError) else next(scores) for image in images]
        rows = [scorer.make_row(image_name(image), result) for image, result in zip(images, results, strict=True)]
        return {name: _Column(name, (getattr(row, name) for row in rows)) for name in self._columns}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_scorer": None}

    def _load(self) -> Scorer:
        if self._scorer is None:
            checkpoint = load_checkpoint(self._source)
            if _digest(checkpoint) != self._facts:
                raise CheckpointError(f"{self._source}: not the checkpoint any more that the data set is scored with")
            self._scorer = Scorer.load(checkpoint, **self._options)
        return self._scorer


def score_batch(
    checkpoint: str | Path = "default",
    *,
    column: str = "image",
    columns: Sequence[str] = ("score", "error"),
    **options: Any,
) -> BatchScorer:
    """A function for `dataset.map(..., batched=True)` that adds scores; it works with `num_proc`, too.

    Args:
        checkpoint: as in `Scorer.load`.
        column: of the images: `datasets.Image`, paths, encoded bytes, or what else `Scorer.score` takes. A column of
            `datasets.Image` is read undecoded, so that a broken one is a row's error and not the end of the map.
        columns: of `musiq.rows.Row`, those of files aside; None where there is no such value. An image without a score
            has its reason in `error` and the reason's name in `kind`.
        options: further arguments of `Scorer.load`; beside `num_proc`, `threads=1` leaves each process its core.
            OpenVINO and torch may wait for ever in a process that is forked from one that has used them; ONNX Runtime,
            the default, does not.

    Raises:
        CheckpointError: the checkpoint is missing or malformed.
        MissingExtraError: `pyarrow`, which `datasets` brings, is not installed.
        ValueError: an unknown column.
    """
    require_pyarrow("scoring data sets")
    return BatchScorer(checkpoint, column, columns, options)


class _Column(list[Any]):
    """A column that tells Arrow its type, for a first batch of None alone does not."""

    def __init__(self, name: str, values: Iterable[Any]) -> None:
        super().__init__(values)
        self._type = row_schema().field(name).type

    def __arrow_array__(self, type: Any = None) -> Any:
        import pyarrow as pa

        return pa.array(list(self), self._type)


def _images(batch: Mapping[str, Any], column: str) -> list[Any]:
    if column not in batch:
        raise InputError(f"the data set has no column {column!r}; its columns are: {', '.join(map(repr, batch))}")
    return [_image(value) for value in _values(batch, column)]


def _values(batch: Mapping[str, Any], column: str) -> Any:
    """The column's cells, undecoded where Arrow holds encoded images."""
    import pyarrow as pa

    table = getattr(batch, "pa_table", None)  # of the batches that `map` makes
    if table is not None:
        kind = table.schema.field(column).type
        if pa.types.is_struct(kind) and {field.name for field in kind} == {"bytes", "path"}:
            return table[column].to_pylist()
    return batch[column]


def _image(value: Any) -> Any:
    """What a scorer takes, or why there is none."""
    cell = as_cell(value) if value is None or isinstance(value, Mapping) else value
    if isinstance(cell, Unreadable):
        return ImageError(cell.reason, cell.kind)
    return ImageError("the cell is empty", "missing") if cell is None else cell


def _digest(checkpoint: Checkpoint) -> str:
    return hashlib.sha256(json.dumps(describe(checkpoint), sort_keys=True).encode()).hexdigest()
