"""Bodies of requests cost no more than their limits, and stop nobody else."""

import asyncio
import errno
import json
import tempfile
import threading
import time
from functools import partial

import pytest
from fastapi.testclient import TestClient

from musiq.web.api import json_body
from musiq.web.app import create_app
from musiq.web.guard import Refusal, bodies
from musiq.web.guard.bodies import Bodies
from musiq.web.guard.room import Room
from musiq.web.settings import Settings
from tests.web.conftest import BASE, error_of

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=x"}
ID = "0123456789abcdef"


@pytest.fixture(scope="module")
def client(checkpoint):
    """Of a server without a folder."""
    with TestClient(create_app(Settings(checkpoint=checkpoint, workers=1, files_per_request=2)), BASE) as client:
        yield client


# JSON


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("PUT", f"/api/photos/{ID}/pick", 1000),
        ("PUT", "/api/picks", 5_000_000),
        ("POST", "/api/export", 5_000_000),
        ("POST", "/api/jobs", 5_000_000),
        ("POST", "/api/score/paths", 5_000_000),
    ],
)
def test_json_has_the_limit_of_its_address(client, method, path, limit):
    assert error_of(client.request(method, path, content=b" " * limit, headers=JSON), 422) == "invalid"
    assert error_of(client.request(method, path, content=b" " * (limit + 1), headers=JSON), 413) == "too-large"


def test_as_many_ids_as_a_question_may_have_fit(client):
    """By the JSON that Python writes, with its spaces."""
    answer = client.put("/api/picks", json={"ids": [ID] * 200_000, "pick": None})
    assert error_of(answer, 404) == "not-found"
    assert error_of(client.put("/api/picks", json={"ids": [ID] * 200_001, "pick": None}), 422) == "invalid"


@pytest.mark.parametrize(
    "body",
    [
        b"{" + b",".join(b'"k%d":1' % number for number in range(400_000)) + b"}",
        b'{"pick":null,"ids":[' + b",".join([b"1"] * 2_400_000) + b"]}",
        b'{"pick":null,"ids":[' + b",".join([b"[]"] * 1_600_000) + b"]}",
    ],
    ids=["fields", "entries", "lists"],
)
def test_a_body_of_faults_stops_nobody(client, body):
    """It is not read by the thread that answers others, and has few faults."""
    started, lags = time.monotonic(), []

    async def answer():
        asked = time.monotonic()
        await asyncio.sleep(0.02)
        lags.append(time.monotonic() - asked - 0.02)

    sent = threading.Thread(target=lambda: error_of(client.put("/api/picks", content=body, headers=JSON), 422))
    sent.start()
    while sent.is_alive():
        client.portal.call(answer)
    assert time.monotonic() - started < 2
    assert max(lags) < 1


def test_a_thread_of_its_own_reads_it(client, monkeypatch):
    threads, read = [], json_body._checked
    monkeypatch.setattr(json_body, "_checked", lambda *given: (threads.append(threading.get_ident()), read(*given))[1])
    assert error_of(client.put("/api/picks", json={"ids": [ID], "pick": None, "x": 1}), 422) == "invalid"
    assert threads != [client.portal.call(threading.get_ident)]


def test_marks_in_names_are_no_marks(client):
    answer = client.post("/api/export", json={"format": "csv", "ids": ['\\"[{:' * 100]})
    assert answer.json()["error"]["reason"].startswith("body.ids.0: ")


# Forms


def part(content=b"x", about=b'name="files"; filename="a.jpg"', more=b""):
    return b"--x\r\nContent-Disposition: form-data; " + about + b"\r\n" + more + b"\r\n" + content + b"\r\n"


@pytest.mark.parametrize("path", ["/api/score", "/api/photos"])
@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (part() * 3, 413, "too-large"),
        (part() + part(about=b'name="f"') * 9, 400, "bad-request"),
        (part() + part(b"x" * 5000, b'name="f"'), 400, "bad-request"),
        (part(more=b"X: " + b"x" * 100_000 + b"\r\n"), 400, "bad-request"),
        (part(more=b"x" * 100_000 + b": x\r\n"), 400, "bad-request"),
        (part(about=b'name="f"; filename="a.jpg"'), 422, "invalid"),
        (part() + part(about=b'name="files"'), 422, "invalid"),
    ],
    ids=["files", "fields", "long field", "long header", "long name of a header", "another name", "no file"],
)
def test_a_form_holds_little_but_its_files(client, path, body, status, kind):
    assert error_of(client.post(path, content=body + b"--x--\r\n", headers=FORM), status) == kind


@pytest.mark.parametrize(("path", "kind"), [("/api/score", FORM), ("/api/score/image", {"Content-Type": "image/png"})])
@pytest.mark.parametrize(
    ("number", "status", "expected"),
    [(errno.ENOSPC, 507, "too-large"), (errno.EMFILE, 503, "queue-full")],
    ids=["no room", "too many files"],
)
def test_a_disk_that_takes_no_more_is_no_fault_of_the_client(client, monkeypatch, path, kind, number, status, expected):
    threads = []

    def full(self):
        threads.append(threading.get_ident())
        raise OSError(number, "no more")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", full)
    content = part(bytes(2_000_000)) + b"--x--\r\n"
    answer = client.post(path, content=content, headers=kind)
    assert error_of(answer, status) == expected
    assert answer.headers.get("Retry-After") == ("1" if status == 503 else None)
    assert threads[0] != client.portal.call(threading.get_ident)


@pytest.mark.parametrize("size", [1_990_000, 2_500_000])
@pytest.mark.parametrize(("path", "kind"), [("/api/score", FORM), ("/api/score/image", {"Content-Type": "image/png"})])
def test_a_disk_that_is_full_before_the_end_is_none_either(client, path, kind, size):
    """By a limit of the system; what a file still holds in memory is written when it is closed, and fails again."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    content = part(b"x" * size) + b"--x--\r\n"
    chunks = (content[at : at + 6000] for at in range(0, len(content), 6000))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_989_000, limits[1]))
    try:
        assert error_of(client.post(path, content=chunks, headers=kind), 507) == "too-large"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_files_of_a_form_lie_on_the_disk(client, monkeypatch):
    rolled, roll = [], tempfile.SpooledTemporaryFile.rollover
    monkeypatch.setattr(
        tempfile.SpooledTemporaryFile, "rollover", lambda self: (rolled.append(self.tell()), roll(self))[1]
    )
    content = part(bytes(70_000)) + part(bytes(50_000)) + b"--x--\r\n"
    assert len(client.post("/api/score", content=content, headers=FORM).json()["results"]) == 2
    assert len(rolled) == 1


def test_a_form_is_not_read_where_the_queue_is_full(client, monkeypatch):
    reads = []

    def refuse(count):
        raise Refusal(503, "queue-full", "full")

    async def receive():
        reads.append(1)
        return {"type": "http.request", "body": part() + b"--x--\r\n", "more_body": False}

    monkeypatch.setattr(client.app.state.parts.workers, "check_room", refuse)
    headers = [(b"host", b"localhost"), (b"content-length", b"70"), (b"content-type", FORM["Content-Type"].encode())]
    for path in ("/api/score", "/api/photos"):
        assert client.portal.call(partial(ask, client.app, path, headers, receive))[0] == 503
    assert reads == []


async def ask(app, path, headers, receive):
    """Status and error of an answer."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b"", "scheme": "http"}
    await app(scope | {"http_version": "1.1", "root_path": ""}, receive, send)
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent))


@pytest.mark.parametrize(
    ("path", "type_", "taken"),
    [("/api/score", b"multipart/form-data", 2), ("/api/jobs", b"application/json", 3)],
)
def test_bodies_at_the_same_time_are_bounded(monkeypatch, path, type_, taken):
    """Forms in number, JSON in bytes; their places are free once they are answered."""
    monkeypatch.setattr(bodies, "FORMS_AT_ONCE", 2)
    monkeypatch.setattr(bodies, "JSON_AT_ONCE", 300)
    go = asyncio.Event()

    async def slow(scope, receive, send):
        await go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def receive():
        return {"type": "http.request", "body": b"x" * 100, "more_body": False}

    async def all_at_once():
        app, headers = Bodies(slow, Settings()), [(b"content-length", b"100"), (b"content-type", type_)]
        go.clear()
        asked = [asyncio.create_task(ask(app, path, headers, receive)) for _ in range(5)]
        while sum(one.done() for one in asked) < 5 - taken:
            await asyncio.sleep(0)
        go.set()
        return [(await one)[0] for one in asked], (await ask(app, path, headers, receive))[0]

    assert asyncio.run(asyncio.wait_for(all_at_once(), 5)) == ([200] * taken + [503] * (5 - taken), 200)


def test_a_body_that_is_alone_has_room():
    room = Room(100)
    with room.held(1000), pytest.raises(Refusal), room.held(1):
        pass
    with room.held(60), room.held(40):
        pass
