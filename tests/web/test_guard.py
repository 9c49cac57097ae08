import asyncio
import json
import logging
from dataclasses import replace
from typing import Annotated

import pytest
from fastapi import Body, FastAPI, HTTPException, Request, UploadFile
from starlette.testclient import TestClient

from musiq.errors import ImageError, StoreError
from musiq.web.guard import Refusal, bodies, error_response, guarded, protect
from musiq.web.settings import Settings

SETTINGS = Settings(upload_bytes=1000, file_bytes=500)
OWN = "http://localhost:8000"
TOKEN = "a long enough token"


def small_app() -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None)

    @app.get("/")
    def page() -> str:
        return "the page"

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    @app.post("/api/score")
    def score(files: list[UploadFile]) -> list[str | None]:
        return [file.filename for file in files]

    @app.post("/api/score/image")
    async def image(request: Request) -> int:
        return len(await request.body())

    @app.post("/api/jobs")
    def jobs(paths: Annotated[list[str], Body(embed=True)]) -> int:
        return len(paths)

    @app.get("/api/raise/{name}")
    def fail(name: str) -> None:
        raise {
            "own": Refusal(409, "conflict", "it has ended", {"Retry-After": "1"}),
            "plain": HTTPException(404),
            "large": ImageError("9 px exceed 4", "too-large"),
            "damaged": ImageError("it ends early", "damaged"),
            "store": StoreError("/home/somebody/secret.sqlite is malformed"),
            "bug": KeyError("secret"),
        }[name]

    return app


@pytest.fixture
def client():
    """Makes a client of the small app behind a guard of these settings."""

    def make(base_url=OWN, **changes) -> TestClient:
        app = small_app()
        protect(app, replace(SETTINGS, **changes))
        return TestClient(app, base_url, follow_redirects=False)

    return make


def error_of(answer, status):
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"kind", "reason"}
    return answer.json()["error"]["kind"]


@pytest.mark.parametrize(
    ("host", "settings"),
    [
        ("localhost", {}),
        ("LOCALHOST:8000", {}),
        ("127.0.0.1:1", {}),
        ("[::1]:8000", {}),
        ("photos.lan", {"hosts": ("photos.lan",)}),
        ("192.168.1.5:8000", {"host": "192.168.1.5"}),
        ("192.168.1.5:8000", {"host": "0.0.0.0"}),
        ("[fe80::5]", {"host": "::"}),
    ],
)
def test_own_names_are_answered(client, host, settings):
    assert client(**settings).get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("10.0.0.1", 403),
        ("localhost:80@evil.example", 400),
        ("localhost/evil", 400),
        ("", 400),
    ],
)
def test_other_names_are_not(client, host, status):
    kind = error_of(client().get("/", headers={"Host": host}), status)
    assert kind == {403: "forbidden", 400: "bad-request"}[status]


@pytest.mark.parametrize("hosts", [[], [b"localhost", b"localhost"]])
def test_a_request_has_one_name(hosts):
    assert asked_by(nothing, hosts=hosts)[0] == 400


def test_names_stay_refused_where_every_address_is_bound(client):
    assert error_of(client(host="0.0.0.0").get("/", headers={"Host": "evil.example"}), 403) == "forbidden"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:8001"},
        {"Origin": "https://localhost:8000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    ],
)
@pytest.mark.parametrize("path", ["/api/raise/own", "/docs", "/openapi.json", "/metrics"])
def test_pages_of_other_sites_are_refused(client, path, headers):
    answer = client().get(path, headers=headers)
    assert error_of(answer, 403) == "forbidden"
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_foreign_page_gets_no_answer_to_its_preflight(client):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert error_of(client().options("/api/jobs", headers=headers), 403) == "forbidden"


def test_own_pages_links_and_commands_are_not(client):
    asked = client()
    sent = {"json": {"paths": ["a"]}}
    assert asked.post("/api/jobs", **sent).json() == 1
    assert asked.post("/api/jobs", **sent, headers={"Origin": OWN, "Sec-Fetch-Site": "same-origin"}).json() == 1
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert asked.get("/", headers=link).status_code == 200
    assert error_of(asked.post("/", headers=link), 403) == "forbidden"
    assert error_of(asked.get("/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}), 403)


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
def test_the_token_is_needed(client, caplog, given):
    headers = {} if given is None else {"Authorization": given}
    answer = client(token=TOKEN).get("/api/raise/own", headers=headers)
    assert error_of(answer, 401) == "unauthorized"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "wrong" not in caplog.text + answer.text


def test_the_token_is_enough(client):
    asked = client(token=TOKEN)
    assert error_of(asked.get("/api/raise/own", headers={"Authorization": f"bearer {TOKEN}"}), 409) == "conflict"
    assert asked.get("/healthz").status_code == 200


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_browser_gets_a_cookie_for_it(client, scheme):
    asked = client(base_url=f"{scheme}://localhost:8000", token=TOKEN)
    answer = asked.get("/", params={"token": TOKEN})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"
    cookie = answer.headers["Set-Cookie"]
    assert TOKEN not in cookie
    marks = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= marks
    assert ("secure" in marks) == (scheme == "https")
    assert asked.get("/").json() == "the page"  # the client keeps the cookie
    asked.cookies = {cookie.partition("=")[0]: "0" * 64}
    assert error_of(asked.get("/"), 401) == "unauthorized"


def test_a_browser_without_it_is_told_how(client):
    answer = client(token=TOKEN).get("/?token=wrong", headers={"Accept": "text/html,*/*"})
    assert answer.status_code == 401
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "?token=" in answer.text
    assert "wrong" not in answer.text


@pytest.mark.parametrize(
    ("path", "type_", "size", "status"),
    [
        ("/api/score/image", "image/png", 500, 200),
        ("/api/score/image", "image/png", 501, 413),
        ("/api/score/image", "application/octet-stream", 501, 413),
        ("/api/jobs", "application/json", 1001, 413),
        ("/api/score", "multipart/form-data; boundary=x", 1001, 413),
        ("/api/score/image", "text/plain", 5, 415),
        ("/api/score", "application/json", 5, 415),
        ("/api/jobs", "application/x-www-form-urlencoded", 5, 415),
        ("/api/jobs", "text/plain", 5, 415),
        ("/api/jobs", "", 5, 415),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_have_a_size_and_a_type(client, path, type_, size, status, chunked):
    content = (b"x" for _ in range(size)) if chunked else b"x" * size
    answer = client().post(path, content=content, headers={"Content-Type": type_})
    if status == 200:
        assert answer.json() == size
    else:
        assert error_of(answer, status) == {413: "too-large", 415: "content-type"}[status]


def asked_by(messages, *headers, settings=SETTINGS, app=None, hosts=(b"localhost",)):
    """The answer of a guarded app to a request of these parts, as [status, JSON]; `messages` may wait."""
    app = app or small_app()
    sent = []

    async def send(message):
        sent.append(message)

    async def ask():
        parts = messages()
        scope = {"type": "http", "method": "POST", "path": "/api/score/image", "query_string": b"", "scheme": "http"}
        scope |= {"headers": [*((b"host", host) for host in hosts), (b"content-type", b"image/png"), *headers]}
        await guarded(app, settings)(scope, lambda: anext(parts), send)

    asyncio.run(ask())
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], json.loads(body), dict(sent[0]["headers"])


async def nothing():
    yield {"type": "http.request", "body": b"", "more_body": False}


@pytest.mark.parametrize("length", [b"-1", b"abc", b"1e3", b"+5", b"", b"\xb2"])
def test_a_length_that_is_no_number_is_refused(length):
    status, answer, _ = asked_by(nothing, (b"content-length", length))
    assert (status, answer["error"]["kind"]) == (400, "bad-request")


def test_two_lengths_are_refused():
    assert asked_by(nothing, (b"content-length", b"5"), (b"content-length", b"6"))[0] == 400


async def trickle():
    while True:
        await asyncio.sleep(0.01)
        yield {"type": "http.request", "body": b"x", "more_body": True}


@pytest.mark.parametrize(("seconds", "rate"), [(0.1, 1), (60, 10_000)])
def test_a_slow_body_is_given_up(monkeypatch, seconds, rate):
    monkeypatch.setattr(bodies, "GRACE_SECONDS", 0.1)
    monkeypatch.setattr(bodies, "LEAST_RATE", rate)
    slow = replace(SETTINGS, body_seconds=seconds)
    status, answer, headers = asked_by(trickle, (b"transfer-encoding", b"chunked"), settings=slow)
    assert (status, answer["error"]["kind"]) == (408, "timeout")
    assert headers[b"connection"] == b"close"


def test_a_slow_app_is_not_the_clients_fault(monkeypatch):
    monkeypatch.setattr(bodies, "GRACE_SECONDS", 0.1)

    async def parts():
        for more in (True, False):
            yield {"type": "http.request", "body": b"x", "more_body": more}

    async def slow_app(scope, receive, send):
        await asyncio.sleep(0.2)
        while (await receive())["more_body"]:
            await asyncio.sleep(0.2)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"1"})

    chunked = (b"transfer-encoding", b"chunked")
    assert asked_by(parts, chunked, settings=replace(SETTINGS, body_seconds=0.1), app=slow_app)[0] == 200


def test_a_length_beyond_the_limit_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(bodies, "DRAIN_SECONDS", 0.1)
    assert asked_by(trickle, (b"content-length", b"501"), settings=replace(SETTINGS, body_seconds=0.2))[0] == 413


def test_a_refused_client_may_finish_sending():
    """An answer before the end of a body would be lost: the connection is closed with bytes unread."""
    left = iter(range(20))

    async def parts():
        for _ in left:
            yield {"type": "http.request", "body": b"x" * 100, "more_body": True}
        yield {"type": "http.request", "body": b"", "more_body": False}

    assert asked_by(parts, (b"content-length", b"2000"))[0] == 413
    assert next(left, None) is None


@pytest.mark.parametrize(
    ("name", "status", "kind", "reason"),
    [
        ("own", 409, "conflict", "it has ended"),
        ("plain", 404, "not-found", "there is nothing at this address"),
        ("large", 413, "too-large", "9 px exceed 4"),
        ("damaged", 422, "damaged", "it ends early"),
    ],
)
def test_errors_of_routes_have_one_shape(client, name, status, kind, reason):
    answer = client().get(f"/api/raise/{name}")
    assert error_of(answer, status) == kind
    assert answer.json()["error"]["reason"] == reason
    assert answer.headers.get("Retry-After") == ("1" if name == "own" else None)


@pytest.mark.parametrize("name", ["store", "bug"])
def test_an_error_of_ours_is_told_to_the_log_alone(client, caplog, name):
    with caplog.at_level(logging.ERROR):
        answer = client().get(f"/api/raise/{name}")
    assert error_of(answer, 500) == "internal"
    assert "secret" not in answer.text
    assert "secret" in caplog.text
    assert "Traceback" in caplog.text


def test_errors_of_routing_and_validation_have_the_same(client):
    asked = client()
    assert error_of(asked.get("/nothing"), 404) == "not-found"
    assert error_of(asked.get("/api/jobs"), 405) == "method"
    wrong = asked.post("/api/jobs", json={"paths": [5]})
    assert error_of(wrong, 422) == "invalid"
    assert wrong.json()["error"]["reason"].startswith("body.paths.0: ")
    broken = asked.post("/api/jobs", content=b"{", headers={"Content-Type": "application/json"})
    assert error_of(broken, 422) == "invalid"


def test_a_reason_may_quote_what_is_no_text():
    assert json.loads(error_response(422, "input", "a\udcff.jpg: odd").body)["error"]["reason"] == "a\udcff.jpg: odd"


def test_a_request_that_the_end_cuts_off_is_told_so():
    async def cut_off(scope, receive, send):
        raise asyncio.CancelledError

    status, answer, _ = asked_by(nothing, app=cut_off)
    assert (status, answer["error"]["kind"]) == (503, "shutting-down")


@pytest.mark.parametrize(
    ("path", "headers", "kept"),
    [
        ("/", {}, "no-cache"),
        ("/nothing", {}, "no-cache"),
        ("/api/raise/bug", {}, "no-store"),
        ("/", {"Host": "evil.example"}, "no-cache"),
        ("/docs", {}, "no-cache"),
    ],
)
def test_every_answer_is_safe_to_show(client, path, headers, kept):
    sent = client().get(path, headers=headers).headers
    policy = dict(part.strip().split(" ", 1) for part in sent["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "http" not in sent["Content-Security-Policy"]
    assert sent["X-Content-Type-Options"] == "nosniff"
    assert sent["Referrer-Policy"] == "no-referrer"
    assert sent["Cross-Origin-Resource-Policy"] == sent["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in sent["Permissions-Policy"]
    assert sent["Cache-Control"] == kept


def test_the_reference_needs_no_other_host(client):
    asked = client()
    page = asked.get("/docs").text
    names = [part.partition('"')[0] for part in page.replace('src="', 'href="').split('href="')[1:]]
    files = [name for name in names if not name.startswith("data:")]
    assert len(files) == 3
    for name in files:
        assert name.startswith("/docs/")
        assert asked.get(name).status_code == 200
    assert "://" not in page
    assert 'url: "/openapi.json"' in asked.get("/docs/start.js").text
    assert error_of(asked.get("/docs/redoc.standalone.js"), 404) == "not-found"


def test_the_reference_names_the_guards_errors(client):
    described = client().get("/openapi.json").json()
    operation = described["paths"]["/api/jobs"]["post"]["responses"]
    assert set(operation) == {"200", "400", "401", "403", "408", "413", "415", "422"}
    shape = {"$ref": "#/components/schemas/Error"}
    assert all(operation[status]["content"]["application/json"]["schema"] == shape for status in ("403", "422"))
    assert "HTTPValidationError" not in described["components"]["schemas"]
