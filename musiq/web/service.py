"""Images scored by threads: one at a time for who waits, and many for jobs."""

import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from functools import partial

from musiq.errors import MusiqError
from musiq.inputs.item import Item
from musiq.runs.engine import Result
from musiq.runs.local import LocalEngine
from musiq.web.guard.errors import ShuttingDown
from musiq.web.workers import Workers

AHEAD = 2  # images per worker that a job hands out before their turn
LOOK_EVERY_S = 0.2  # whether a job was cancelled


class JobCancelledError(MusiqError):
    """A job was cancelled."""


class Service:
    """Scores images by an engine in worker threads.

    Args:
        engine: scores an image in the thread that asks.
        workers: that ask it.

    Attributes:
        scoring: what all its scores have in common.
        outcomes: how many images were `scored` or `known`, and how many failed by kind, since the start.
    """

    def __init__(self, engine: LocalEngine, workers: Workers) -> None:
        self.scoring, self.workers = engine.scoring, workers
        self.outcomes = Counter[str]()
        self._engine, self._counting = engine, threading.Lock()

    def score(self, items: Sequence[Item]) -> list[Future[Result]]:
        """The results to come of images that somebody waits for; a future that is cancelled in time is not scored.

        Raises:
            QueueFull, ShuttingDown: none was taken.
        """
        return self.workers.submit([partial(self._result, item) for item in items])

    def batch(self, items: Iterable[Item], cancelled: threading.Event) -> Iterator[Result]:
        """Results in order, a little ahead of what is asked for; where the server stops, only those in work.

        Raises:
            JobCancelledError: within a moment of the event.
        """
        ahead = deque[Future[Result]]()
        try:
            try:
                for item in items:
                    ahead.append(self.workers.submit_batch(partial(self._result, item)))
                    if len(ahead) > AHEAD * self.workers.count:
                        yield from _finished(ahead.popleft(), cancelled)
            except ShuttingDown:
                pass
            while ahead:
                yield from _finished(ahead.popleft(), cancelled)
        finally:
            for future in ahead:
                future.cancel()

    def _result(self, item: Item) -> Result:
        result = self._engine.result(Item(item.name, item.source.fetch()))
        with self._counting:
            self.outcomes[outcome(result)] += 1
        return result


def outcome(result: Result) -> str:
    """`scored`, `known` or the kind of the error."""
    if result.row.error is not None:
        return result.row.kind or "damaged"
    return "scored" if result.known is None else "known"


def _finished(future: Future[Result], cancelled: threading.Event) -> Iterator[Result]:
    """The result; none where the server stops."""
    while not cancelled.is_set():
        try:
            yield future.result(LOOK_EVERY_S)
            return
        except TimeoutError:
            if future.done():  # it is the work's own
                raise
        except CancelledError:
            return
    future.cancel()
    raise JobCancelledError
