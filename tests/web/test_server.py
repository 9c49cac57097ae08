"""The server as a process of its own, asked over sockets."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection

import pytest

from musiq.web.server import bind

PROGRAM = """
import asyncio, sys
from fastapi import FastAPI, Request, Response
from musiq.web import server
from musiq.web.guard import bodies, protect
from musiq.web.settings import Settings

server.HEAD_SECONDS, server.READ_SECONDS, server.CONNECTIONS, bodies.GRACE_SECONDS = 0.4, 0.4, 20, 0.4
app = FastAPI()

@app.get("/healthz")
async def healthz(): return "ok"

@app.get("/sleep")
async def sleep(seconds: float):
    await asyncio.sleep(seconds)
    return "slept"

@app.get("/long")
async def long(): return Response(bytes(20_000_000))

@app.post("/api/score/image")
async def image(request: Request): return len(await request.body())

protect(app, Settings(file_bytes=1_000_000))
listening = server.bind("127.0.0.1", 0)
ready = lambda: print(listening.getsockname()[1], flush=True)
server.serve(app, listening, ready, shutdown_seconds=1, access_log="log" in sys.argv)
print("ended", flush=True)
"""
HEAD = "POST /api/score/image HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"


@contextlib.contextmanager
def running(*options):
    """The program as a process, and its port."""
    command = [sys.executable, "-c", PROGRAM, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


@pytest.fixture(scope="module")
def port():
    with running() as (_, port):
        yield port


@contextlib.contextmanager
def connected(port):
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        yield connection


def get(port, path):
    """Status, body and headers."""
    with connected(port) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), answer.headers


def say(port, *parts, pause=0.0):
    """What the server answers to these bytes until it closes the connection, and the seconds this took."""
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        with contextlib.suppress(OSError):  # it may be closed before all is sent
            for part in parts:
                connection.sendall(part if isinstance(part, bytes) else part.encode())
                time.sleep(pause)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(65536):
                answer += part
    return answer, time.monotonic() - started


def error_of(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-security-policy" in head.lower()
    return int(head.split()[1]), json.loads(body)["error"]["kind"]


def test_answers_do_not_name_the_software(port):
    status, answer, headers = get(port, "/healthz")
    assert (status, answer) == (200, "ok")
    assert headers["Server"] is None
    assert headers["Date"]


@pytest.mark.parametrize(
    "parts",
    [
        [],
        ["GET / HTTP/1.1\r\nHost: loc"],
        list("GET / HTTP/1.1\r\nHost: localhost\r\n" * 9),
        ["GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", *"GET / HTTP/1.1\r\nX: " * 9],
    ],
    ids=["nothing", "half", "trickle", "the second"],
)
def test_a_slow_head_is_given_up(port, parts):
    answer, seconds = say(port, *parts, pause=0.05)
    assert 0.3 < seconds < 2
    assert answer.count(b"HTTP/1.1 200") == (parts[:1] != [] and "healthz" in parts[0])


def test_a_connection_in_time_stays(port):
    with connected(port) as connection:
        for _ in range(2):
            connection.request("GET", "/sleep?seconds=0.3")
            assert connection.getresponse().read() == b'"slept"'
            time.sleep(0.3)


def test_a_slow_body_is_given_up(port):
    answer, seconds = say(port, HEAD + "Content-Length: 1000\r\n\r\n", *"x" * 100, pause=0.02)
    assert error_of(answer) == (408, "timeout")
    assert seconds < 3


def test_bytes_after_an_early_answer_are_given_up(port):
    early = "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    answer, seconds = say(port, early, *"x" * 60, pause=0.02)
    assert error_of(answer) == (404, "not-found")
    assert seconds < 2


@pytest.mark.parametrize(
    "text",
    [
        "nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + "x" * 20_000,
        HEAD + "Content-Length: -5\r\n\r\n",
        HEAD + "Content-Length: five\r\n\r\n",
        HEAD + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxx",
        HEAD + "Transfer-Encoding: chunked\r\n\r\nfive\r\nxxxxx\r\n",
        HEAD + "Content-Length: 5\r\n\r\nxxxxx and more",
    ],
    ids=["nonsense", "huge", "negative", "word", "two", "chunk", "surplus"],
)
def test_what_is_no_request_is_refused(port, text):
    answer, _ = say(port, text)
    if "and more" in text:
        assert answer.startswith(b"HTTP/1.1 200")
        answer = answer[answer.index(b"HTTP/1.1 400") :]
    assert error_of(answer) == (400, "bad-request")


def test_a_client_reads_why_its_body_is_refused(port):
    """Also one that sends everything before it reads: 20 MB are more than sockets hold."""
    chunks = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    for head, body in (
        ("Content-Length: 20000000\r\n\r\n", b"x" * 20_000_000),
        ("Transfer-Encoding: chunked\r\n\r\n", chunks * 300 + b"0\r\n\r\n"),
    ):
        answer, _ = say(port, HEAD + head, body)
        assert error_of(answer) == (413, "too-large")


def test_a_lie_about_the_length_is_given_up(port):
    answer, _ = say(port, HEAD + "Content-Length: 100\r\n\r\nxxxxx")
    assert error_of(answer) == (408, "timeout")


@pytest.mark.parametrize("pause", [0, 0.01, 1])
def test_an_answer_that_is_not_read_is_given_up(port, pause):
    received = 0
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(b"GET /long HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        time.sleep(pause)
        while part := connection.recv(1_000_000):
            received += len(part)
            time.sleep(min(pause, 0.01))
    assert (received > 20_000_000) == (pause < 0.4)


def test_connections_are_bounded(port):
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        answer, seconds = say(port)
    assert error_of(answer) == (503, "queue-full")
    assert {b"Retry-After: 1", b"Cache-Control: no-store"} <= set(answer.split(b"\r\n"))
    assert seconds < 0.3
    time.sleep(0.1)
    assert get(port, "/healthz")[0] == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_in_work_are_answered_at_the_end(number):
    with running("log") as (process, port):
        answers = []
        asked = ("/sleep?seconds=0.7&token=secret", "/sleep?seconds=9")
        threads = [threading.Thread(target=lambda path=path: answers.append(get(port, path))) for path in asked]
        for thread in threads:
            thread.start()
            time.sleep(0.2)
        process.send_signal(number)
        time.sleep(0.2)
        with pytest.raises(ConnectionRefusedError):
            get(port, "/healthz")
        for thread in threads:
            thread.join()
        (first, slept, _), (second, cut_off, _) = answers
        assert (first, slept) == (200, "slept")
        assert (second, cut_off["error"]["kind"]) == (503, "shutting-down")
        output, log = process.communicate(timeout=5)
    assert process.returncode == 0
    assert output == "ended\n"
    assert "GET /sleep HTTP/1.1" in log
    assert "secret" not in log
    assert "Traceback" not in log


def test_a_port_in_use_is_named():
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ValueError, match=f"127.0.0.1, port {port}: Address already in use; --port"):
            bind("127.0.0.1", port)
    with pytest.raises(ValueError, match="no.such.host.invalid, port 80: [A-Z]"):
        bind("no.such.host.invalid", 80)
