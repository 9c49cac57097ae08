"""Where rows go: what every format has in common."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self

from musiq.errors import OutputError
from musiq.rows import Row, Scoring

Format = Literal["table", "csv", "jsonl", "parquet"]
Lasting = Literal["csv", "jsonl", "parquet"]  # what programs read
ELSE = "choose another --output, or --overwrite"


class Output(ABC):
    """Takes rows one by one; a context that closes itself."""

    def done(self) -> Iterator[Row]:
        """Every row that was there when the output was opened: what tells of its file, its error and its scoring.

        Checks each row on the way; to be read before the first `write`.

        Raises:
            OutputError: the file is damaged, or its scores do not compare with this run's.
        """
        return iter(())

    @abstractmethod
    def write(self, row: Row) -> None:
        """Adds a row; once this returns, no kill of the process loses it (a table is printed at the end)."""

    @abstractmethod
    def close(self) -> None:
        """Finishes the output; harmless a second time."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def check_scoring(row: Row, scoring: Scoring | None, place: str) -> None:
    """Refuses a row whose score another scoring gave; `place` is for the message."""
    if scoring is None or row.score is None or scoring.covers(row):
        return
    theirs = Scoring(*(str(value) for value in (row.weights, row.preprocess, row.precision)))
    raise OutputError(f"{place}: holds scores of {theirs}; this run is {scoring}; {ELSE}")


@contextmanager
def naming(path: Path | None) -> Iterator[None]:
    """Context whose OSErrors name the option and the path; those of stdout, None, are left to the command line."""
    try:
        yield
    except OSError as error:
        if path is None:
            raise
        raise ValueError(f"--output {path}: {error.strerror or error}") from error
