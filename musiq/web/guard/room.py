"""How much of requests' bodies the server holds at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager

from musiq.web.guard.errors import QueueFull


class Room:
    """For bodies that are held until their answer; used by one event loop.

    Args:
        bytes: that they may have together; a body that is alone is always taken.
        count: of bodies; None for any.
    """

    def __init__(self, bytes: int, count: int | None = None) -> None:
        self._limit, self._count = bytes, count
        self._bodies = self._bytes = 0

    @contextmanager
    def held(self, bytes: int) -> Iterator[None]:
        """Context of a request with a body of at most so many bytes.

        Raises:
            QueueFull: there is no room for it now.
        """
        if self._bodies and (self._bodies == self._count or self._bytes + bytes > self._limit):
            raise QueueFull("too many requests send at the same time; ask again in a second")
        self._bodies += 1
        self._bytes += bytes
        try:
            yield
        finally:
            self._bodies -= 1
            self._bytes -= bytes
