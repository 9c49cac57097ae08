"""Decoders for any number of threads, and a look at the clock."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from musiq.decode.decoder import Decoder
from musiq.decode.limits import Limits

IDLE_BYTES = 40_000_000  # that a decoder takes by itself, as measured
LOOK_EVERY_S = 0.1  # for processes that are out of time


class Decoders:
    """As many decoders as threads ask for at once.

    Args:
        limits: of each file.
        ready: how many to start now.
    """

    def __init__(self, limits: Limits, ready: int = 0) -> None:
        self.limits = limits
        self._all = [Decoder(limits) for _ in range(ready)]
        self._idle = list(self._all)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._clock = threading.Thread(target=self._watch, name="musiq-decoders", daemon=True)
        self._clock.start()

    def __enter__(self) -> "Decoders":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def borrow(self) -> Iterator[Decoder]:
        """A decoder that nobody else uses meanwhile."""
        decoder = self._take()
        try:
            yield decoder
        finally:
            with self._lock:
                self._idle.append(decoder)

    def stop(self) -> None:
        """Ends all processes; who waits for one gets an error at once. May be called by a signal's handler."""
        self._closed.set()
        for decoder in list(self._all):
            decoder.stop()

    def close(self) -> None:
        """Ends all processes, and starts none any more."""
        self.stop()
        self._clock.join()
        for decoder in self._all:
            decoder.close()

    def _take(self) -> Decoder:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        decoder = Decoder(self.limits)
        with self._lock:
            self._all.append(decoder)
        if self._closed.is_set():  # perhaps meanwhile
            decoder.stop()
        return decoder

    def _watch(self) -> None:
        while not self._closed.wait(LOOK_EVERY_S):
            with self._lock:
                decoders = list(self._all)
            for decoder in decoders:
                decoder.process.end_if_late()
