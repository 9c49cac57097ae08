"""Threads with a bounded queue before them: work that somebody waits for comes before work that can wait."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from musiq.web.guard.errors import QueueFull, ShuttingDown

Work = Callable[[], Any]
Waiting = OrderedDict[Future[Any], Work]


class Workers:
    """Threads and their queue. Cancelling the future of work that waits gives its place back at once.

    Args:
        name: of the threads.
        count: of the threads.
        length: how much urgent work may wait; more at once is taken only while nothing waits.
    """

    def __init__(self, name: str, count: int, length: int) -> None:
        self.count, self.length = count, length
        self.working = 0
        self._urgent, self._batch = Waiting(), Waiting()
        self._changed = threading.Condition()
        self._stopping = self._closed = False
        self._threads = [threading.Thread(target=self._work, name=f"{name}-{n}", daemon=True) for n in range(count)]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How much urgent work waits."""
        return len(self._urgent)

    @property
    def stopping(self) -> bool:
        return self._stopping

    def check_room(self, more: int) -> None:
        """Refuses what there is no place for.

        Raises:
            QueueFull, ShuttingDown: with the status that a client gets.
        """
        if self._stopping:
            raise ShuttingDown
        if self._urgent and len(self._urgent) + more > self.length:
            raise QueueFull(f"{len(self._urgent)} wait of at most {self.length}; ask again in a second")

    def submit(self, works: Sequence[Work]) -> list[Future[Any]]:
        """Takes urgent work, all of it or none.

        Raises:
            QueueFull, ShuttingDown: none was taken.
        """
        with self._changed:
            self.check_room(len(works))
            return [self._add(self._urgent, work) for work in works]

    def submit_batch(self, work: Work) -> Future[Any]:
        """Takes work that is done when nothing urgent waits.

        Raises:
            ShuttingDown: it was not taken.
        """
        with self._changed:
            if self._stopping:
                raise ShuttingDown
            return self._add(self._batch, work)

    def stop(self) -> None:
        """Takes no more; what is not urgent and not in work is cancelled."""
        with self._changed:
            self._stopping = True
            batch = list(self._batch)
        for future in batch:
            future.cancel()

    def close(self, seconds: float) -> None:
        """Ends the threads when urgent work is done, or after so many seconds when the work at hand is."""
        self.stop()
        deadline = time.monotonic() + seconds
        with self._changed:
            self._changed.wait_for(lambda: not self._urgent and not self.working, seconds)
            self._closed = True
            left = list(self._urgent)
            self._changed.notify_all()
        for future in left:
            future.cancel()
        for thread in self._threads:
            thread.join(max(0.1, deadline - time.monotonic()))

    def _add(self, queue: Waiting, work: Work) -> Future[Any]:
        future = Future[Any]()
        queue[future] = work
        future.add_done_callback(self._forget)
        self._changed.notify()
        return future

    def _forget(self, future: Future[Any]) -> None:
        if future.cancelled():
            with self._changed:
                if self._urgent.pop(future, None) is None:
                    self._batch.pop(future, None)

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            try:
                _do(*taken)
            finally:
                del taken  # an idle thread holds no image
                with self._changed:
                    self.working -= 1
                    self._changed.notify_all()

    def _take(self) -> tuple[Future[Any], Work] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._urgent or self._batch)
            if self._closed:
                return None
            self.working += 1
            return (self._urgent or self._batch).popitem(last=False)


def _do(future: Future[Any], work: Work) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as error:  # the thread goes on, and who waits is told
        future.set_exception(error)
