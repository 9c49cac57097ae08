"""Progress with its rate and an estimate of the time left, on stderr, so that stdout stays clean for results."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

LINE_EVERY_S = 10.0  # between lines where stderr is a file
SLOW = 0.1  # a second: below, it is said how long one takes


class Advance(Protocol):
    """Counts one more."""

    def __call__(self, text: str) -> None:
        """Counts one more item and shows a short text."""
        ...

    def expect(self, total: int) -> None:
        """Tells how many there are, where that was not known at the start; from any thread."""
        ...


@contextmanager
def progress_bar(
    title: str, total: int | None, completed: int = 0, *, live: bool = True, eta: str = "ETA"
) -> Iterator[Advance]:
    """Progress titled `title` over `total` items (None if it is not known yet); what it yields counts one more.

    A bar on a terminal; elsewhere, and where `live` is false, a line every ten seconds. `eta` stands before the time
    that is left.
    """
    console = Console(stderr=True)
    if not (live and console.is_terminal):
        yield _Lines(console, title, total, completed, eta)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TextColumn(eta, markup=False),
        TimeRemainingColumn(elapsed_when_finished=False),
        TextColumn("{task.fields[text]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as progress:
        yield _Bar(progress, progress.add_task(title, total=total, completed=completed, text=""))


class _Bar:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def __call__(self, text: str) -> None:
        self._progress.update(self._task, advance=1, text=printable(text))

    def expect(self, total: int) -> None:
        self._progress.update(self._task, total=total)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(_pace(task.speed, "/s") if task.speed else "")


class _Lines:
    def __init__(self, console: Console, title: str, total: int | None, completed: int, eta: str) -> None:
        self._console, self._title, self._total, self._eta = console, title, total, eta
        self._first = self._done = completed
        self._started = self._last = time.monotonic()

    def expect(self, total: int) -> None:
        self._total = total

    def __call__(self, text: str) -> None:
        self._done, now = self._done + 1, time.monotonic()
        if now - self._last >= LINE_EVERY_S:
            self._last = now
            line = f"{self._title}: {self._state((self._done - self._first) / max(now - self._started, 1e-9))} {text}"
            self._console.print(printable(line.rstrip()), highlight=False, markup=False)

    def _state(self, rate: float) -> str:
        if self._total is None:
            return f"{self._done}, {_pace(rate)}"
        left = (self._total - self._done) / rate
        return f"{self._done}/{self._total}, {_pace(rate)}, {self._eta} {left:.0f} s"


def _pace(rate: float, unit: str = " a second") -> str:
    """Items a second, or seconds an item where that is the number to read."""
    return f"{rate:.1f}{unit}" if rate >= SLOW else f"{1 / rate:.0f} s each"


def say(text: str) -> None:
    """One line on stderr."""
    Console(stderr=True).print(text, highlight=False, markup=False, soft_wrap=True)


def printable(text: str) -> str:
    """Text that cannot steer a terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
