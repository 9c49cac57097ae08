import json
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
from PIL import Image
from typer.testing import CliRunner

from musiq.checkpoint import save_checkpoint
from musiq.cli import app
from musiq.errors import StoreError
from musiq.runs.local import LocalEngine
from musiq.web.job import Job
from musiq.web.state import State
from tests.web.conftest import album, error_of, settled

SAME = ("score", "band", "width", "height", "bytes", "content", "notes", "kind", "error", "weights", "preprocess")


def rows_of(client, job: dict, **query: int) -> list[dict]:
    return client.get(f"/api/jobs/{job['id']}/rows", params=query).json()["rows"]


def commanded(checkpoint, folder: Path, tmp_path: Path, *names: str) -> dict[str, dict]:
    """The rows of `musiq score` by their paths in the folder."""
    save_checkpoint(checkpoint, tmp_path / "checkpoint")
    names = [str(folder / name) for name in names]
    options = ["--recursive", "--checkpoint", str(tmp_path / "checkpoint"), "--output", str(tmp_path / "rows.jsonl")]
    CliRunner().invoke(app, ["score", *names, *options, "--quiet"])
    rows = map(json.loads, (tmp_path / "rows.jsonl").read_text().splitlines())
    return {row["path"].removeprefix(f"{folder}/"): row for row in rows}


def facts(rows) -> dict[str, list]:
    return {row["path"]: [row[name] for name in SAME] for row in rows}


def test_rows_are_those_of_the_command(client, checkpoint, shared_folder, tmp_path):
    (job,) = settled(client)
    expected = commanded(checkpoint, shared_folder, tmp_path, "2024", "astronaut.jpg", "broken.jpg")
    rows = rows_of(client, job)
    link = rows.pop(-1)
    assert (link["path"], link["kind"]) == ("link.jpg", "link")
    assert facts(rows) == facts(row | {"path": path} for path, row in expected.items())
    assert [row["path"] for row in rows] == list(expected)
    counts = {name: job[name] for name in ("state", "total", "done", "scored", "known", "failed", "paths")}
    assert counts == {"state": "done", "total": 5, "done": 5, "scored": 3, "known": 0, "failed": 2, "paths": ["."]}
    assert (rows_of(client, job, offset=1, limit=2), job["reason"]) == (rows[1:3], None)


def test_archives_of_the_folder(served, folder, checkpoint, tmp_path):
    with zipfile.ZipFile(folder / "2024" / "b.zip", "w") as archive:
        for name in ("in/a.jpg", "../../x.jpg"):
            archive.write(folder / "astronaut.jpg", name)
        archive.writestr("bad.jpg", "bad")
    client = served(folder=folder, start=False)
    answer = client.post("/api/jobs", json={"paths": ["2024/b.zip", "./2024//b.zip"]})
    assert (answer.status_code, answer.json()["paths"]) == (202, ["2024/b.zip"])
    (job,) = settled(client)
    expected = commanded(checkpoint, folder, tmp_path, "2024/b.zip")
    assert facts(rows_of(client, job)) == facts(row | {"path": path} for path, row in expected.items())
    assert (job["total"], job["done"], job["failed"]) == (3, 3, 1)
    assert not any("!" in path for path in album(client))
    assert not list(tmp_path.rglob("x.jpg"))


def test_what_is_new_changed_and_gone_is_seen_by_the_next_job(served, folder):
    client = served(folder=folder)
    settled(client)
    before = album(client)
    shutil.copy(folder / "astronaut.jpg", folder / "2024" / "copy.jpg")
    Image.new("RGB", (70, 50), "red").save(folder / "2024" / "chelsea.png")
    (folder / "astronaut.jpg").unlink()
    client.post("/api/jobs", json={"paths": ["."]})
    job, _ = settled(client)
    after = album(client)
    assert (after["astronaut.jpg"]["removed"], after["2024/copy.jpg"]["score"]) == (
        True,
        before["astronaut.jpg"]["score"],
    )
    assert after["2024/chelsea.png"]["width"] == 70
    assert (job["done"], job["scored"], job["known"], job["failed"]) == (5, 1, 2, 2)  # of the copy the content is known


@contextmanager
def held(monkeypatch, after: int):
    """A context in which the engine stops at its so-many-th image until the block's event is set."""
    go, count, result = threading.Event(), [], LocalEngine.result

    def slow(self, item):
        count.append(item)
        if len(count) > after:
            go.wait(10)
        return result(self, item)

    monkeypatch.setattr(LocalEngine, "result", slow)
    try:
        yield go
    finally:
        go.set()


def wait_until(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_jobs_wait_in_turn_and_are_cancelled(served, folder, monkeypatch):
    with held(monkeypatch, after=2):
        client = served(folder=folder, workers=1, jobs_waiting=1)
        wait_until(lambda: client.get("/api/jobs").json()["jobs"][0]["done"] == 2)
        running = client.get("/api/jobs").json()["jobs"][0]
        waiting = client.post("/api/jobs", json={"paths": ["2024"], "recursive": False}).json()
        refused = client.post("/api/jobs", json={"paths": ["2024"]})
        assert (error_of(refused, 503), refused.headers["Retry-After"]) == ("queue-full", "1")
        assert [job["state"] for job in client.get("/api/jobs").json()["jobs"]] == ["waiting", "running"]
        started = time.monotonic()
        for job in (waiting, running):
            assert client.delete(f"/api/jobs/{job['id']}").json()["state"] == "cancelled"
            assert error_of(client.delete(f"/api/jobs/{job['id']}"), 409) == "conflict"
        assert time.monotonic() - started < 2
        assert len(rows_of(client, running)) == 2
        assert client.get(f"/api/jobs/{running['id']}").json()["done"] == 2


def test_a_job_goes_on_after_an_orderly_end(served, folder, tmp_path, monkeypatch):
    options = {"folder": folder, "store": tmp_path / "store", "workers": 1}
    with held(monkeypatch, after=2) as go:
        client = served(**options)
        wait_until(lambda: client.get("/api/jobs").json()["jobs"][0]["done"] == 2)
        threading.Timer(0.3, go.set).start()
        client.__exit__(None, None, None)
    again = served(**options)
    (job,) = settled(again)
    paths = [row["path"] for row in rows_of(again, job)]
    assert sorted(paths) == sorted(album(again))
    assert (job["state"], job["done"], job["total"], job["known"], job["scored"]) == ("done", 5, 5, 0, 3)


def test_the_job_of_the_start_is_not_kept_twice(served, folder, tmp_path):
    for _ in range(2):
        client = served(folder=folder, store=tmp_path / "store")
        jobs = settled(client)
        client.__exit__(None, None, None)
    assert [(job["known"], job["scored"], job["done"]) for job in jobs] == [(3, 0, 5)]


def test_jobs_that_have_ended_are_forgotten_in_time(served, folder, monkeypatch):
    monkeypatch.setattr("musiq.web.jobs.KEPT", 3)
    client = served(folder=folder, start=False)
    ids = []
    for _ in range(5):
        ids.append(client.post("/api/jobs", json={"paths": ["none.jpg"]}).json()["id"])
        settled(client)
    assert [job["id"] for job in settled(client)] == ids[:1:-1]
    assert error_of(client.get(f"/api/jobs/{ids[0]}"), 404) == "not-found"
    assert "none.jpg" not in album(client)


def test_a_job_that_fails_says_why_and_the_next_one_runs(served, folder, monkeypatch):
    monkeypatch.setattr("musiq.web.carry_out._keep", lambda *_: 1 / 0)
    client = served(folder=folder)
    (job,) = settled(client)
    assert (job["state"], job["reason"]) == ("failed", "an error of the server")
    monkeypatch.undo()
    client.post("/api/jobs", json={"paths": ["2024"]})
    assert settled(client)[0]["state"] == "done"


def test_without_a_folder_there_are_none(served):
    client = served()
    assert client.get("/api/jobs").json() == {"jobs": []}
    assert error_of(client.post("/api/jobs", json={"paths": ["."]}), 404) == "not-found"
    assert error_of(client.get(f"/api/jobs/{'0' * 16}"), 404) == "not-found"


MANY = 30  # photos, so that a kill comes in time
SERVER = """
import sys
from pathlib import Path
from musiq.web.app import create_app
from musiq.web.server import bind, serve
from musiq.web.settings import Settings
checkpoint, folder, store = sys.argv[1:]
listening = bind("127.0.0.1", 0)
settings = Settings(checkpoint=checkpoint, folder=Path(folder), store=Path(store), workers=1)
serve(create_app(settings), listening, lambda: print(listening.getsockname()[1], flush=True))
"""


@contextmanager
def process(*arguments: Path):
    """A server in a process of its own, and a client of it."""
    command = [sys.executable, "-c", SERVER, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            port = int(server.stdout.readline())
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                yield server, client
        finally:
            server.kill()


def test_a_job_goes_on_after_a_kill(checkpoint, tmp_path):
    save_checkpoint(checkpoint, tmp_path / "checkpoint")
    (tmp_path / "many").mkdir()
    for number in range(MANY):
        Image.effect_noise((300, 200), number).convert("RGB").save(tmp_path / "many" / f"{number:02}.jpg")
    arguments = (tmp_path / "checkpoint", tmp_path / "many", tmp_path / "store")
    with process(*arguments) as (server, client):
        wait_until(lambda: client.get("/api/jobs").json()["jobs"][0]["done"] >= 3)
        id = next(iter(album(client).values()))["id"]
        assert client.put(f"/api/photos/{id}/pick", json={"pick": "reject"}).status_code == 200
        server.send_signal(signal.SIGKILL)
        server.wait()
    with process(*arguments) as (_, client):
        first = client.get("/api/jobs").json()["jobs"][0]
        (job,) = settled(client)
        paths = [row["path"] for row in client.get(f"/api/jobs/{job['id']}/rows").json()["rows"]]
        assert 3 <= first["done"] < MANY
        assert paths == [f"{number:02}.jpg" for number in range(MANY)]
        assert (job["done"], job["scored"] + job["known"], job["total"]) == (MANY, MANY, MANY)
        assert client.get(f"/api/photos/{id}").json()["photo"]["pick"] == "reject"


def test_a_full_disk_ends_no_thread_and_is_made_up_for(served, folder, monkeypatch):
    client, put = served(folder=folder, start=False), State.put_job

    def full(self, facts):
        if facts["state"] != "waiting":
            raise StoreError("disk full")
        put(self, facts)

    monkeypatch.setattr(State, "put_job", full)
    client.post("/api/jobs", json={"paths": ["2024"]})
    assert settled(client)[0]["state"] == "done"
    monkeypatch.undo()
    client.post("/api/jobs", json={"paths": ["2024"]})
    settled(client)
    assert [job["state"] for job in client.app.state.parts.state.jobs()] == ["done", "done"]


def test_the_wish_to_cancel_is_kept_and_waits_without_threads(served, folder, monkeypatch):
    go = threading.Event()
    monkeypatch.setattr("musiq.web.jobs.carry_out", lambda *_: go.wait(10))
    monkeypatch.setattr("musiq.web.api.jobs.CANCEL_S", 1.5)
    client = served(folder=folder)
    wait_until(lambda: client.get("/api/jobs").json()["jobs"][0]["state"] == "running")
    (job,) = client.get("/api/jobs").json()["jobs"]
    with ThreadPoolExecutor(50) as pool:
        answers = [pool.submit(client.delete, f"/api/jobs/{job['id']}") for _ in range(50)]
        wait_until(lambda: client.app.state.parts.state.jobs()[0]["state"] == "cancelled")
        time.sleep(0.3)  # all have come
        started = time.monotonic()
        client.get("/api/jobs")
        assert time.monotonic() - started < 0.8
        assert {answer.result().json()["state"] for answer in answers} == {"running"}
    go.set()


def test_no_place_to_wait_still_lets_one_run(served, folder, monkeypatch):
    with held(monkeypatch, after=0):
        client = served(folder=folder, start=False, jobs_waiting=0)
        assert client.post("/api/jobs", json={"paths": ["2024"]}).status_code == 202
        assert error_of(client.post("/api/jobs", json={"paths": ["2024"]}), 503) == "queue-full"


def test_names_of_a_job_are_bounded_together(served, folder):
    client = served(folder=folder, start=False)
    names = [f"{number:0101}" for number in range(1000)]
    assert error_of(client.post("/api/jobs", json={"paths": names}), 413) == "too-large"
    assert client.post("/api/jobs", json={"paths": names[:900]}).status_code == 202


def test_a_count_that_comes_late_changes_nothing():
    done, cancelled = Job(["."], True), Job(["."], True, total=7)
    done.settle()
    cancelled.cancelled.set()
    for job in (done, cancelled):
        job.expect(9)
    assert (done.total, cancelled.total) == (0, 7)
