"""Progress with an estimate of the time left, on stderr, so that stdout stays clean for results."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

LINE_EVERY_S = 10.0  # between lines where stderr is a file
Advance = Callable[[str], None]


@contextmanager
def progress_bar(title: str, total: int, completed: int = 0, *, live: bool = True) -> Iterator[Advance]:
    """Progress titled `title` over `total` items; the yielded function counts one more and shows a short text.

    A bar on a terminal; elsewhere, and where `live` is false, a line every ten seconds.
    """
    console = Console(stderr=True)
    if not (live and console.is_terminal):
        yield _lines(console, title, total, completed)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("ETA"),
        TimeRemainingColumn(elapsed_when_finished=False),
        TextColumn("{task.fields[text]}"),
    )
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as progress:
        task = progress.add_task(title, total=total, completed=completed, text="")
        yield lambda text: progress.update(task, advance=1, text=text)


def _lines(console: Console, title: str, total: int, completed: int) -> Advance:
    started = last = time.monotonic()
    done = completed

    def advance(text: str) -> None:
        nonlocal done, last
        done, now = done + 1, time.monotonic()
        if now - last >= LINE_EVERY_S:
            last = now
            left = (now - started) / (done - completed) * (total - done)
            console.print(f"{title}: {done}/{total}, ETA {left:.0f} s {text}".rstrip(), highlight=False, markup=False)

    return advance


def say(text: str) -> None:
    """One line on stderr."""
    Console(stderr=True).print(text, highlight=False, markup=False, soft_wrap=True)
