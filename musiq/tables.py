"""Tables for people: plain text that no file name can steer."""

from collections.abc import Iterable, Sequence
from typing import IO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from musiq.progress import printable


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], file: IO[str], right: Sequence[str] = ()
) -> None:
    """Prints rows under their column names; the columns named in `right` are aligned to the right."""
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left")
    for row in rows:
        table.add_row(*(Text(_plain(cell)) for cell in row))
    console = Console(file=file, soft_wrap=True)
    if not console.is_terminal:
        console.width = 10_000  # a file or a pipe has no edge to wrap at
    with console.capture() as printed:
        console.print(table, highlight=False)
    file.writelines(f"{line.rstrip()}\n" for line in printed.get().splitlines())


def _plain(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))
