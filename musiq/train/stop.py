"""Stopping between two steps when the system or the user asks for it."""

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from musiq.errors import MusiqError

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StoppedError(MusiqError):
    """A run was asked to stop; its state is saved."""


class StopRequest:
    """Context in which SIGTERM and SIGINT only leave a note; a second one ends the process as usual."""

    def __init__(self) -> None:
        self.requested = False
        self._before: list[Any] = []

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():  # no other may change handlers
            self._before = [signal.signal(number, self._note) for number in SIGNALS]
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in zip(SIGNALS, self._before, strict=False):
            signal.signal(number, handler)

    def raise_if_requested(self, run: Path) -> None:
        """Raises a `StoppedError` that tells how to go on."""
        if self.requested:
            raise StoppedError(f"stopped; the same command continues {run}")
