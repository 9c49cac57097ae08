"""The server keeps to its own description, whatever it is asked."""

import re
import shlex
import sys
import time
import types
from collections import Counter
from pathlib import Path

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from schemathesis.engine import events, from_schema

from musiq.memory import parse_bytes
from musiq.web.app import create_app
from musiq.web.guard import protect
from musiq.web.settings import Settings
from tests.web.conftest import BASE, settled

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "serve.md").read_text()
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
CONFIG = {
    "seed": 1,
    "headers": {"Host": "localhost"},
    "generation": {"max-examples": 5, "database": "none", "deterministic": True},
    "phases": {"stateful": {"enabled": False}},
    "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
}


def asked_at_random(app):
    """What breaks the description, one line each, and how many answers had each status; starts and ends the app."""
    config = schemathesis.Config.from_dict(CONFIG)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config, headers={"Host": "localhost"})
    faults, statuses = [], Counter()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            faults.append(str(event))
        if isinstance(event, events.ScenarioFinished):
            answers = (one.response for one in event.recorder.interactions.values())
            statuses.update(answer.status_code for answer in answers if answer is not None)
            checks = (check for checks in event.recorder.checks.values() for check in checks)
            faults += [f"{one.name}: {one.failure_info.failure}" for one in checks if one.failure_info]
    return faults, statuses


@pytest.fixture(scope="module")
def client(settings):
    """Of a server of this file's own: what the docs ask changes it."""
    with TestClient(create_app(settings), base_url=BASE) as client:
        settled(client)
        yield client


def test_answers_are_as_described(settings):
    faults, statuses = asked_at_random(create_app(settings))
    assert faults == []
    assert {200, 202, 404, 409, 422} <= statuses.keys()
    assert statuses[200] > 50


def test_a_fault_would_be_found():
    app = FastAPI()

    @app.get("/a")
    def a(number: int) -> int:
        return 1 // (number - number)

    protect(app, Settings())
    (fault, *_), statuses = asked_at_random(app)
    assert "not_a_server_error" in fault
    assert statuses[500] > 0


def test_every_operation_is_described(client):
    """Each with a summary, and each error in the one shape."""
    described = client.get("/openapi.json").json()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    shape = answer["content"]["application/json"]["schema"]
                    assert shape == {"$ref": "#/components/schemas/Error"}, (method, path, status)
                    assert answer["description"]


def operations(client):
    return {
        (method.upper(), path): operation
        for path, operations in client.get("/openapi.json").json()["paths"].items()
        for method, operation in operations.items()
    }


def test_the_docs_name_every_operation_and_no_other(client):
    described = {f"{method} {path}" for method, path in operations(client)}
    named = set(re.findall(r"`((?:GET|POST|PUT|DELETE) /[^`]*)`", DOCS))
    photo = {f"GET /api/photos/{{id}}{part}" for part in re.findall(r"`(/(?:thumbnail|image|maps|burst))`", DOCS)}
    assert named | photo == described


@pytest.mark.parametrize("line", re.findall(r"^curl .*", DOCS, re.MULTILINE))
def test_commands_of_the_docs_fit_the_description(client, line):
    words = shlex.split(line)
    (address,) = (word for word in words if word.startswith("http://127.0.0.1:8000/"))
    path, _, query = address.removeprefix("http://127.0.0.1:8000").partition("?")
    content = {"-F": "multipart/form-data", "--json": "application/json", "--data-binary": "image/*"}
    sent = {kind for option, kind in content.items() if option in words}
    operation = operations(client)["POST" if sent else "GET", path]
    assert sent <= operation.get("requestBody", {"content": {}})["content"].keys()
    assert query.partition("=")[0] in {"", *(one["name"] for one in operation.get("parameters", []))}
    if "--json" in words:
        answer = client.post(
            path, content=words[words.index("--json") + 1], headers={"Content-Type": "application/json"}
        )
        assert answer.status_code < 300


def test_the_program_of_the_docs_runs(client, monkeypatch, capsys):
    (program,) = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    httpx = types.ModuleType("httpx")
    httpx.Client = lambda base_url, timeout: TestClient(client.app, BASE)  # whose methods are those of the real one
    monkeypatch.setitem(sys.modules, "httpx", httpx)
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(time, "sleep", lambda seconds, left=iter(range(50)): next(left))  # it does not wait for ever
    app = client.app
    monkeypatch.setattr(TestClient, "__enter__", lambda self: self)  # the app has been started
    monkeypatch.setattr(TestClient, "__exit__", lambda self, *error: self.close())
    exec(program, {})
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in printed] == sorted(path.name for path in Path("examples").glob("*.jpg"))
    assert app.state.parts.service.outcomes["scored"] >= len(printed)


@pytest.mark.parametrize(("option", "value"), re.findall(r"^\| `--([a-z-]+)` \| (\w+) \|", DOCS, re.MULTILINE))
def test_limits_of_the_docs_are_those_of_settings(option, value):
    assert getattr(Settings, option.replace("-", "_")) == parse_bytes(value)
