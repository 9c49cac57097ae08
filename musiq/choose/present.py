"""Rows of earlier results beside the files as they are now: what is gone is left out, what has changed is noted."""

from collections.abc import Iterable, Iterator

from musiq.changed import Names, has_changed
from musiq.choose.files import is_gone
from musiq.errors import InputError
from musiq.inputs.item import real_path
from musiq.rows import Row


class Present:
    """Takes rows whose files are there, and remembers how many are not, and which are other files by now.

    Args:
        results: what the rows were read from, for messages.
    """

    def __init__(self, results: object) -> None:
        self._results = results
        self._gone, self._changed = Names(), Names()

    def of(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows whose files are there, as they come.

        Raises:
            InputError: at the end, if there is none.
        """
        there = 0
        for row in rows:
            if is_gone(row.path):
                self._gone.add(row.path)
                continue
            if has_changed(real_path(row.path), row):
                self._changed.add(row.path)
            there += 1
            yield row
        if self._gone.count and not there:
            raise InputError(
                f"{self._results}: none of its {self._gone.count:,} files is there ({self._gone}); "
                "relative paths count from the folder that musiq score ran in"
            )

    def lines(self) -> list[str]:
        """For people: what was left out, and which scores are of other pictures."""
        lines = list[str]()
        if self._gone.count:
            lines.append(f"{self._gone.count:,} files of {self._results} are gone and left out: {self._gone}")
        if self._changed.count:
            lines.append(
                f"{self._changed.count:,} files have changed since {self._results} was made, so their scores are old: "
                f"{self._changed}; musiq score --overwrite makes it anew"
            )
        return lines
