"""How much a request may send, how slowly, and of which type."""

import asyncio
import time
from contextlib import nullcontext
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from musiq.web.guard.errors import Refusal, error_response
from musiq.web.guard.room import Room
from musiq.web.settings import Settings

JSON_BYTES = 5_000_000  # JSON is held in memory; as many ids as a question may have take 4 MB
SHORT_BYTES = 1000  # what else is asked: one pick
JSON_AT_ONCE = 20_000_000
FORMS_AT_ONCE = 16  # their files lie on the disk, and the larger ones of them are open
LEAST_RATE = 10_000  # bytes a second, so that a trickle does not hold a place for `body_seconds`
GRACE_SECONDS = 5.0  # before the rate counts
DRAIN_SECONDS = 2.0  # that a client which was refused may still send


class Expected(NamedTuple):
    """What a path takes: content types, the last of them without a subtype for all of its kind, and bytes."""

    types: tuple[str, ...]
    bytes: int
    room: Room | None = None


class Bodies:
    """Refuses bodies that are too large, too slow, or of the wrong type. A clock runs only while it waits for bytes."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._seconds = settings.body_seconds
        json = Expected(("application/json",), min(JSON_BYTES, settings.upload_bytes), Room(JSON_AT_ONCE))
        self._other = json._replace(bytes=min(SHORT_BYTES, json.bytes))
        forms = Room(4 * settings.upload_bytes, FORMS_AT_ONCE)
        files = Expected(("multipart/form-data",), settings.upload_bytes, forms)
        image = Expected(("application/octet-stream", "image/"), settings.file_bytes)
        self._expected = {"/api/score": files, "/api/photos": files, "/api/score/image": image}
        self._expected |= dict.fromkeys(("/api/score/paths", "/api/jobs", "/api/picks", "/api/export"), json)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        expected = self._expected.get(scope["path"], self._other)
        body = _Body(receive, send, expected.bytes, self._seconds)
        try:
            length = body.check_length(Headers(scope=scope))
            _check_type(Headers(scope=scope), expected.types)
            with expected.room.held(length) if expected.room and length else nullcontext():
                await self._app(scope, body.receive, body.send)
        except Refusal as refusal:
            body.refusal = body.refusal or refusal
        if body.refusal is not None:
            await body.refuse(scope, body.refusal)


class _Body:
    """One request's body as it comes, and the way of its answer."""

    def __init__(self, receive: Receive, send: Send, limit: int, seconds: float) -> None:
        self.refusal: Refusal | None = None
        self._receive, self._send = receive, send
        self._limit, self._seconds = limit, seconds
        self._bytes, self._waited = 0, 0.0
        self._ended = self._started = False

    def check_length(self, headers: Headers) -> int:
        """How many bytes will come at most."""
        lengths = headers.getlist("content-length")
        if not lengths:
            self._ended = "transfer-encoding" not in headers
            return 0 if self._ended else self._limit
        if len(lengths) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            raise Refusal(400, "bad-request", "the Content-Length header is no number of bytes")
        self._ended = not lengths[0].strip("0")
        self._check_bytes(size := int(lengths[0][:20]))
        return size

    async def receive(self) -> Message:
        """The next part; once the body has ended, what the server says of the connection."""
        if self.refusal is not None:
            raise self.refusal
        if self._ended:
            return await self._receive()
        try:
            return await self._next()
        except Refusal as refusal:
            self.refusal = refusal
            raise

    async def _next(self) -> Message:
        left = min(self._seconds, GRACE_SECONDS + self._bytes / LEAST_RATE) - self._waited
        started = time.monotonic()
        try:
            async with asyncio.timeout(left):
                message = await self._receive()
        except TimeoutError:
            reason = f"the request's body was too slow: {self._bytes:,} bytes in {self._waited + left:.0f} s"
            raise Refusal(408, "timeout", reason, {"Connection": "close"}) from None
        self._waited += time.monotonic() - started
        self._bytes += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        self._check_bytes(self._bytes)
        return message

    def _check_bytes(self, size: int) -> None:
        if size > self._limit:
            reason = f"a body of more than {self._limit:,} bytes, which is the limit here"
            raise Refusal(413, "too-large", reason, {"Connection": "close"})

    async def send(self, message: Message) -> None:
        """Sends the app's answer, unless the body was refused meanwhile."""
        if self.refusal is None or self._started:
            self._started = True
            await self._send(message)

    async def refuse(self, scope: Scope, refusal: Refusal) -> None:
        """Answers, and lets a client that is still sending read the answer before the connection is closed."""
        if self._started:
            return
        answer = error_response(refusal.status_code, refusal.kind, refusal.detail, refusal.headers)
        await self._send({"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers})
        await self._send({"type": "http.response.body", "body": answer.body, "more_body": True})
        if refusal.status_code != 408:
            await self._drain()
        await self._send({"type": "http.response.body", "body": b""})

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while not self._ended:
                    message = await self._receive()
                    self._ended = not message.get("more_body", False)
        except TimeoutError:
            pass


def _check_type(headers: Headers, types: tuple[str, ...]) -> None:
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return
    given = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not any(given == one or (one.endswith("/") and given.startswith(one)) for one in types):
        wanted = " or ".join(one + "*" if one.endswith("/") else one for one in types)
        raise Refusal(415, "content-type", f"the body is to be {wanted}, and its Content-Type to say so")
