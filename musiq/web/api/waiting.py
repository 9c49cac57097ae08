"""Waiting for work: as long as the client does, and no longer than an answer may take."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from musiq.errors import ImageError
from musiq.web.guard.errors import Refusal, ShuttingDown

LOOK_EVERY_S = 0.5  # whether the client is still there
T = TypeVar("T")


async def finished(request: Request, futures: Sequence[Future[T]], seconds: float) -> list[T | ImageError]:
    """What came of each. Work that has not begun when the client leaves, or the time is over, is never done.

    Raises:
        Refusal: 504 after so many seconds; 503 where the server stops.
        ClientDisconnect: the client has left.
    """
    waiting = [asyncio.wrap_future(future) for future in futures]
    try:
        await _wait(request, waiting, seconds)
    finally:
        for future in futures:
            future.cancel()
    return [_outcome(future) for future in waiting]


async def answered(request: Request, future: Future[T], seconds: float) -> T:
    """What came of one.

    Raises:
        ImageError, Refusal, ClientDisconnect: as above, and what went wrong with the photo.
    """
    (outcome,) = await finished(request, [future], seconds)
    if isinstance(outcome, ImageError):
        raise unreadable(outcome)
    return outcome


def unreadable(error: ImageError) -> ImageError | Refusal:
    """What a client is told of a photo that cannot be read: 404 if it is not there."""
    return Refusal(404, "missing", str(error)) if error.kind == "missing" else error


async def _wait(request: Request, waiting: Sequence[asyncio.Future[Any]], seconds: float) -> None:
    clock = asyncio.get_running_loop().time
    deadline = clock() + seconds
    pending = set(waiting)
    while pending:
        if (left := deadline - clock()) <= 0:
            raise Refusal(504, "timeout", f"no answer within {seconds:g} s")
        _, pending = await asyncio.wait(pending, timeout=min(left, LOOK_EVERY_S))
        if pending and await request.is_disconnected():
            raise ClientDisconnect


def _outcome(future: asyncio.Future[Any]) -> Any:
    if future.cancelled():
        raise ShuttingDown
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, ImageError):
        return error
    raise error
