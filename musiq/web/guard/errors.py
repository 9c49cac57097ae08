"""Errors as answers, all of one shape: `{"error": {"kind": ..., "reason": ...}}`."""

import asyncio
import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from musiq.errors import ImageError, InputError, MusiqError

KINDS = {
    400: "bad-request",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method",
    408: "timeout",
    409: "conflict",
    413: "too-large",
    415: "content-type",
    422: "invalid",
    503: "queue-full",
    504: "timeout",
    507: "too-large",
}
REASONS = {404: "there is nothing at this address", 405: "this address does not take this method"}
_log = logging.getLogger("musiq.web")


class Refusal(HTTPException):
    """A request is refused; the answer names the kind and, in one sentence, the reason."""

    def __init__(self, status: int, kind: str, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, reason, headers)
        self.kind = kind


class QueueFull(Refusal):
    """There is no place for a request now; ask again soon."""

    def __init__(self, reason: str) -> None:
        super().__init__(503, "queue-full", reason, {"Retry-After": "1"})


class ShuttingDown(Refusal):
    """No work is taken any more."""

    def __init__(self) -> None:
        super().__init__(503, "shutting-down", "the server is stopping")


class _Ascii(JSONResponse):
    """JSON in ASCII: a reason may quote a name that is no valid text."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content).encode()


def error_response(status: int, kind: str, reason: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer to a request that failed."""
    return _Ascii({"error": {"kind": kind, "reason": reason}}, status, headers)


def answer_errors(app: FastAPI) -> None:
    """Makes an app answer what its routes raise."""
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(MusiqError, _of_musiq)


async def _of_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status, reason = error.status_code, str(error.detail)
    if isinstance(error, Refusal):
        return error_response(status, error.kind, reason, error.headers)
    if reason == HTTPStatus(status).phrase:  # it was raised without one
        reason = REASONS.get(status, reason)
    kind = KINDS.get(status, "bad-request" if status < 500 else "internal")
    return error_response(status, kind, reason, error.headers)


async def _of_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = [f"{'.'.join(map(str, fault['loc']))[:100]}: {fault['msg']}" for fault in error.errors()[:3]]
    return error_response(422, "invalid", "; ".join(faults))


async def _of_musiq(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, ImageError):
        return error_response(413 if error.kind == "too-large" else 422, error.kind, str(error))
    if isinstance(error, InputError):
        return error_response(422, "input", str(error))
    return _internal(request.scope, error)


def _internal(scope: Scope, error: BaseException) -> JSONResponse:
    _log.error("%s %r failed", scope["method"], scope["path"], exc_info=error)
    return error_response(500, "internal", "an error of the server; its log says more")


class Unexpected:
    """Answers what nobody else did: an error of ours, and requests that the server's end cuts off."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            pass  # nobody waits for the answer
        except Exception as error:
            if started:
                raise
            await _internal(scope, error)(scope, receive, send)
        except asyncio.CancelledError:
            if started:
                raise
            stopping = error_response(503, "shutting-down", "the server is stopping", {"Connection": "close"})
            await stopping(scope, receive, send)
