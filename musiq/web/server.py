"""The HTTP server: uvicorn, with time limits on request heads, bounded connections, and an orderly end."""

import asyncio
import json
import logging
import math
import os
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from musiq.web.guard.headers import SAFE

HEAD_SECONDS = 10.0  # for a request's head, and for what a client still sends after it has its answer
HEAD_BYTES = 16_384
READ_SECONDS = 60.0  # for a client to read on in its answer
IDLE_SECONDS = 15  # of a connection between two requests
CONNECTIONS = 512


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one.

    Raises:
        ValueError: the port is in use, or the address is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        return socket.create_server((host, port), family=family, backlog=CONNECTIONS, dualstack_ipv6=both)
    except OSError as error:
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror  # where a name is unknown
        raise ValueError(f"{host}, port {port}: {reason}; --port and --host name another") from error


def serve(
    app: FastAPI,
    listening: socket.socket,
    ready: Callable[[], None] = lambda: None,
    *,
    shutdown_seconds: float = 10.0,
    access_log: bool = False,
) -> None:
    """Serves until SIGTERM or Ctrl-C.

    Args:
        listening: see `bind`.
        app: whose errors at its start are raised.
        shutdown_seconds: that requests in work are given at the end; a second Ctrl-C cuts them off.
        ready: called once requests are answered.
        access_log: a line on stderr for each request, without its query.
    """
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",  # here, so that an error of the app's start reaches the caller as it is
        log_config=_logging(access_log),
        access_log=access_log,
        server_header=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=math.ceil(shutdown_seconds),
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_Server(config, ready).live(app, listening))


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def live(self, app: FastAPI, listening: socket.socket) -> None:
        """From the app's start to its end; signals wait for both."""
        with self.capture_signals():
            async with app.router.lifespan_context(app):
                if not self.should_exit:
                    await self.serve([listening])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ends the server, and leaves nothing to raise when it has ended: to be stopped is no failure."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


class _Protocol(H11Protocol):
    """One connection. uvicorn waits without end for a request's head, and for a client that does not read."""

    _head: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            self._refuse(503, "queue-full", "too many connections")
        else:
            self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._stop_waiting()
        elif before is None or before.response_complete:
            self._wait_for_head()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._reading is not None:
            self._reading.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        if self._reading is not None:
            self._reading.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        if self.cycle is not None and not self.cycle.response_complete:  # what is wrong stands in a body
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                return self.transport.close()
        self._refuse(400, "bad-request", "this is no HTTP request")

    def _wait_for_head(self) -> None:
        if self._head is None and not self.transport.is_closing():
            self._head = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _refuse(self, status: int, kind: str, reason: str) -> None:
        body = json.dumps({"error": {"kind": kind, "reason": reason}}).encode()
        about = {"Content-Type": "application/json", "Content-Length": len(body), "Connection": "close", **SAFE}
        about |= {"Cache-Control": "no-store"} | ({"Retry-After": 1} if status == 503 else {})
        phrase = "Bad Request" if status == 400 else "Service Unavailable"
        head = "".join(f"{name}: {value}\r\n" for name, value in about.items())
        self.transport.write(f"HTTP/1.1 {status} {phrase}\r\n{head}\r\n".encode() + body)
        self.transport.close()


class _WithoutQuery(logging.Filter):
    """Cuts the query, which may hold a token, off a line about a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and len(record.args) > 2:
            client, method, path, *rest = record.args
            record.args = (client, method, str(path).partition("?")[0], *rest)
        return True


def _logging(access_log: bool) -> dict[str, Any]:
    """Everything goes to stderr: warnings, errors, and a line per request where it is asked for."""
    handler = {"class": "logging.StreamHandler", "formatter": "line", "stream": sys.stderr}
    loggers = {"uvicorn": "WARNING", "uvicorn.access": "INFO" if access_log else "WARNING", "musiq": "INFO"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(message)s"}},
        "filters": {"query": {"()": _WithoutQuery}},
        "handlers": {"stderr": handler, "access": handler | {"filters": ["query"]}},
        "loggers": {
            name: {
                "level": level,
                "handlers": ["access" if name == "uvicorn.access" else "stderr"],
                "propagate": False,
            }
            for name, level in loggers.items()
        },
    }
