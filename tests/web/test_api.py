import asyncio
import io
import json
import threading
import time
from dataclasses import fields
from typing import get_args

import pytest
from PIL import Image

from musiq.rows import COLUMNS
from musiq.runs.local import LocalEngine
from musiq.scorer import Scorer
from musiq.web import answers
from musiq.web.album import Album
from musiq.web.settings import Settings
from tests.web.conftest import PHOTOS, SECRET, album, error_of, no_path_in

JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture(scope="session")
def scores(checkpoint, shared_folder) -> dict[str, float]:
    """What the scorer says of each photo of the folder."""
    scorer = Scorer.load(checkpoint)
    return {name: scorer.score(shared_folder / name).mos for name in PHOTOS}


def sent(folder, *names: str) -> list:
    """Files of a folder as multipart."""
    return [("files", (name, (folder / name).read_bytes())) for name in names]


# Scores of what is sent


def test_files_are_scored_in_order_and_a_bad_one_spoils_no_other(client, shared_folder, scores):
    names = ["astronaut.jpg", "broken.jpg", "2024/März.jpg"]
    rows = client.post("/api/score", files=sent(shared_folder, *names)).json()["results"]
    assert [row["path"] for row in rows] == names
    assert [row["score"] for row in rows] == pytest.approx([scores[names[0]], None, scores[names[2]]], abs=1e-6)
    assert [row["kind"] for row in rows] == [None, "not-an-image", None]
    assert [list(row) for row in rows] == [list(COLUMNS)] * 3
    assert not any(photo["upload"] for photo in album(client).values())


def test_one_photo_is_the_body(client, shared_folder, scores):
    content = (shared_folder / "astronaut.jpg").read_bytes()
    row = client.post("/api/score/image", content=content, headers=JPEG).json()
    assert row["score"] == pytest.approx(scores["astronaut.jpg"], abs=1e-6)
    assert row["bytes"] == len(content)
    headers = {"Content-Type": "application/octet-stream", "X-File-Name": "März.jpg".encode()}
    assert client.post("/api/score/image", content=content, headers=headers).json()["path"] == "März.jpg"
    assert client.post("/api/score/image?name=a/b", content=content, headers=JPEG).json()["path"] == "a/b"


@pytest.mark.parametrize(
    ("content", "status", "kind"),
    [(b"", 422, "empty"), (b"text", 422, "not-an-image"), (b"\xff\xd8\xff\xe0half", 422, "damaged")],
)
def test_one_photo_that_cannot_be_read_is_an_error(client, content, status, kind):
    assert error_of(client.post("/api/score/image", content=content, headers=JPEG), status) == kind


def test_limits_of_what_is_sent(served, shared_folder):
    client = served(file_bytes=20_000, max_pixels=10_000, files_per_request=2)
    big, small = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (101, 100)).save(big, "PNG")
    Image.new("RGB", (100, 100)).save(small, "PNG")
    assert error_of(client.post("/api/score/image", content=big.getvalue(), headers=JPEG), 413) == "too-large"
    long = (shared_folder / "astronaut.jpg").read_bytes()
    assert len(long) > 20_000
    files = [("files", ("long", long)), ("files", ("small", small.getvalue()))]
    rows = client.post("/api/score", files=files).json()["results"]
    assert [(row["kind"], row["score"] is None) for row in rows] == [("too-large", True), (None, False)]
    photos = client.post("/api/photos", files=files).json()["photos"]
    assert [(photo["kind"], photo["state"]) for photo in photos] == [("too-large", "failed"), (None, "scored")]
    assert client.get("/api/status").json()["uploads"]["bytes"] == len(small.getvalue())
    answer = client.post("/api/score", files=[*files, ("files", ("third", b"x"))])
    assert error_of(answer, 413) == "too-large"
    assert error_of(client.post("/api/score"), 422) == "invalid"


def test_paths_of_the_folder_and_nothing_else(client, shared_folder, scores):
    names = ["2024/chelsea.png", "link.jpg", "none.jpg", "2024", "broken.jpg", "*.jpg", "2024//./März.jpg"]
    answer = client.post("/api/score/paths", json={"paths": names})
    rows = answer.json()["results"]
    assert [row["path"] for row in rows] == [*names[:-1], "2024/März.jpg"]
    kinds = [None, "link", "missing", "not-a-file", "not-an-image", "missing", None]
    assert [row["kind"] for row in rows] == kinds
    assert rows[0]["score"] == pytest.approx(scores[names[0]], abs=1e-6)
    no_path_in(answer.text, shared_folder)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "..", f"../{SECRET}", "s3://bucket/a.jpg", "file:///etc/passwd", "a\0b"]
)
@pytest.mark.parametrize("address", ["/api/score/paths", "/api/jobs"])
def test_names_that_lead_elsewhere_are_refused(client, address, name):
    assert error_of(client.post(address, json={"paths": [name]}), 422) == "input"


@pytest.mark.parametrize(
    "body", [{"paths": []}, {"paths": [""]}, {"paths": ["a"] * 1001}, {"paths": "a"}, {}, {"paths": ["a"], "x": 1}, []]
)
def test_questions_have_limits(client, body):
    assert error_of(client.post("/api/score/paths", json=body), 422) == "invalid"


# Waiting


@pytest.fixture
def slow(monkeypatch):
    """The engine waits for the event before each image, of which it notes the name."""
    go, result = threading.Event(), LocalEngine.result
    go.names = []

    def wait(self, item):
        go.names.append(item.name)
        assert go.wait(10)
        return result(self, item)

    monkeypatch.setattr(LocalEngine, "result", wait)
    yield go
    go.set()


def test_a_full_queue_refuses_at_once(served, shared_folder, slow):
    client = served(workers=1, queue_length=2)
    content, answers = (shared_folder / "astronaut.jpg").read_bytes(), []

    def ask() -> None:
        answers.append(client.post("/api/score/image", content=content, headers=JPEG).status_code)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for place, thread in enumerate(threads):
        thread.start()
        wait_for(client, lambda queue, place=place: queue["working"] + queue["waiting"] == place + 1)
    for address, body in (
        ("image", {"content": content, "headers": JPEG}),
        ("", {"files": sent(shared_folder, *PHOTOS)}),
    ):
        refused = client.post(f"/api/score/{address}".rstrip("/"), **body)
        assert (error_of(refused, 503), refused.headers["Retry-After"]) == ("queue-full", "1")
    assert client.get("/api/status").json()["queue"] == {"waiting": 2, "limit": 2, "working": 1}
    slow.set()
    for thread in threads:
        thread.join()
    assert answers == [200] * 3


def wait_for(client, condition) -> None:
    deadline = time.monotonic() + 10
    while not condition(client.get("/api/status").json()["queue"]):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_answer_that_takes_too_long_gives_its_places_back(served, shared_folder, slow):
    client = served(workers=1, request_seconds=0.3)
    answer = client.post("/api/score", files=sent(shared_folder, *PHOTOS))
    assert error_of(answer, 504) == "timeout"
    assert client.get("/api/status").json()["queue"]["waiting"] == 0
    assert error_of(client.post("/api/photos", files=sent(shared_folder, *PHOTOS)), 504) == "timeout"
    assert client.get("/api/status").json()["uploads"]["count"] == 0
    slow.set()
    wait_for(client, lambda queue: queue["working"] == 0)
    assert slow.names == ["astronaut.jpg"]


def test_who_leaves_is_not_scored_for(served, shared_folder, slow, monkeypatch):
    monkeypatch.setattr("musiq.web.api.waiting.LOOK_EVERY_S", 0.05)
    client = served(workers=1)
    body = b"".join(content for _, (_, content) in sent(shared_folder, "astronaut.jpg"))

    async def leave() -> list:
        """Sends a photo and hangs up before the answer."""
        parts = iter([{"type": "http.request", "body": body, "more_body": False}])
        answered = []

        async def receive():
            return next(parts, {"type": "http.disconnect"})

        async def send(message):
            answered.append(message)

        headers = [(b"host", b"127.0.0.1"), (b"content-type", b"image/jpeg"), (b"content-length", b"%d" % len(body))]
        scope = {"type": "http", "method": "POST", "path": "/api/score/image", "query_string": b"", "headers": headers}
        scope |= {"scheme": "http", "http_version": "1.1", "client": None, "server": ("127.0.0.1", 8000)}
        await client.app(scope, receive, send)
        return answered

    for _ in range(3):
        assert asyncio.run(leave()) == []
    assert client.get("/api/status").json()["queue"]["waiting"] == 0
    slow.set()
    wait_for(client, lambda queue: queue["working"] == 0)
    assert len(slow.names) == 1


def test_the_end_finishes_answers_and_takes_no_more(served, shared_folder, slow):
    client = served(workers=1)
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(client.post("/api/score", files=sent(shared_folder, "astronaut.jpg")))
    )
    thread.start()
    wait_for(client, lambda queue: queue["working"] == 1)
    client.app.state.parts.stop()
    assert error_of(client.get("/readyz"), 503) == "shutting-down"
    assert error_of(client.post("/api/score/image", content=b"x", headers=JPEG), 503) == "shutting-down"
    assert client.get("/healthz").json() == {"status": "ok"}
    slow.set()
    thread.join()
    assert answers[0].json()["results"][0]["score"] is not None


# The album


def test_the_album_shows_the_folder(client, shared_folder, scores):
    answer = client.get("/api/photos")
    photos = album(client)
    assert {path: photo["state"] for path, photo in photos.items()} == {
        **dict.fromkeys(PHOTOS, "scored"),
        "broken.jpg": "failed",
        "link.jpg": "failed",
    }
    assert {path: photos[path]["score"] for path in PHOTOS} == pytest.approx(scores, abs=1e-6)
    photo = photos["2024/März.jpg"]
    assert [photo[name] for name in ("name", "folder", "upload", "width", "height")] == [
        "März.jpg",
        "2024",
        False,
        600,
        400,
    ]
    assert (photos["link.jpg"]["kind"], photos["astronaut.jpg"]["folder"]) == ("link", "")
    no_path_in(answer.text, shared_folder)


def test_changes_are_asked_for_page_by_page(client):
    pages, since = [], 0
    while not pages or pages[-1]["more"]:
        pages.append(client.get("/api/photos", params={"since": since, "limit": 2}).json())
        since = pages[-1]["revision"]
    assert [len(page["photos"]) for page in pages] == [2, 2, 1]
    assert len({photo["id"] for page in pages for photo in page["photos"]}) == pages[0]["total"] == 5
    assert client.get("/api/photos", params={"since": since}).json()["photos"] == []
    assert pages[0]["instance"] == client.get("/api/status").json()["instance"]


@pytest.mark.parametrize("query", ["since=-1", "limit=0", "limit=10001", "since=x", f"since={2**53 + 1}"])
def test_changes_have_limits(client, query):
    assert error_of(client.get(f"/api/photos?{query}"), 422) == "invalid"


def test_photos_are_sent_shown_and_cleared(served, shared_folder, scores):
    client = served(folder=None)
    files = [*sent(shared_folder, "2024/März.jpg", "broken.jpg"), *sent(shared_folder, "2024/März.jpg")]
    photos, score = client.post("/api/photos", files=files).json()["photos"], scores["2024/März.jpg"]
    assert [photo["name"] for photo in photos] == ["März.jpg", "broken.jpg", "März.jpg"]
    assert [photo["score"] for photo in photos] == pytest.approx([score, None, score], abs=1e-6)
    assert len({photo["id"] for photo in photos}) == 3
    assert {photo["folder"] for photo in photos} == {"uploads"}
    shown = client.get("/api/photos").json()["photos"]
    assert sorted(photo["id"] for photo in shown) == sorted(photo["id"] for photo in photos)
    id = photos[0]["id"]
    assert client.get(f"/api/photos/{id}").json()["row"]["score"] == photos[0]["score"]
    assert client.get(f"/api/photos/{id}/image").content == (shared_folder / "2024/März.jpg").read_bytes()
    assert client.put(f"/api/photos/{id}/pick", json={"pick": "pick"}).json()["pick"] == "pick"
    assert set(client.get(f"/api/photos/{id}/burst").json()["ids"]) == {photos[0]["id"], photos[2]["id"]}
    assert client.get("/api/status").json()["uploads"]["count"] == 3
    assert client.delete("/api/uploads").json() == {"removed": 3}
    assert [photo["removed"] for photo in client.get("/api/photos").json()["photos"]] == [True] * 3
    assert error_of(client.get(f"/api/photos/{id}"), 404) == "not-found"
    assert client.get("/api/status").json()["uploads"] == {"count": 0, "bytes": 0, "limit": Settings.uploads_bytes}


def test_there_is_room_for_so_many_bytes(served, shared_folder):
    size = (shared_folder / "astronaut.jpg").stat().st_size
    client = served(uploads_bytes=2 * size)
    for count, status in ((1, 200), (2, 507), (1, 200), (1, 507)):
        answer = client.post("/api/photos", files=sent(shared_folder, "astronaut.jpg") * count)
        assert answer.status_code == status
    assert error_of(answer, 507) == "too-large"
    assert client.get("/api/status").json()["uploads"]["bytes"] == 2 * size


def test_one_photo_with_its_row(client, shared_folder):
    for path, photo in album(client).items():
        answer = client.get(f"/api/photos/{photo['id']}")
        row = answer.json()["row"]
        assert answer.json()["photo"] == photo
        assert (row["path"], row["score"], row["kind"]) == (path, photo["score"], photo["kind"])
        assert (row["content"] is None) == (path == "link.jpg")
        no_path_in(answer.text, shared_folder)


@pytest.mark.parametrize("part", ["", "/thumbnail", "/image", "/maps", "/burst"])
def test_what_is_not_there(client, part):
    assert error_of(client.get(f"/api/photos/{'0' * 16}{part}"), 404) == "not-found"
    assert error_of(client.get(f"/api/photos/abc{part}"), 422) == "invalid"


# The rest


def test_status_and_meaning(client, checkpoint):
    status = client.get("/api/status").json()
    assert (status["folder"], status["checkpoint"], status["kept"]) == ("photos", checkpoint.name, False)
    assert status["limits"] == {
        name: getattr(Settings, name) for name in ("upload_bytes", "file_bytes", "max_pixels", "files_per_request")
    }
    meaning = client.get("/api/checkpoint").json()
    assert (meaning["name"], meaning["weights"]) == (checkpoint.name, checkpoint.id)
    assert client.get("/readyz").json() == client.get("/healthz").json() == {"status": "ok"}


def test_nothing_is_left_behind(served, shared_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(threading.enumerate())
    client = served(folder=shared_folder)
    client.post("/api/photos", files=sent(shared_folder, "astronaut.jpg"))
    assert list(tmp_path.iterdir())
    client.__exit__(None, None, None)
    assert list(tmp_path.iterdir()) == []
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("musiq")]


def test_answers_are_described_as_they_are():
    assert list(answers.ScoreRow.model_fields) == list(COLUMNS)
    assert list(answers.Photo.model_fields) == list(Album().add("a", None).as_dict())
    assert set(get_args(answers.Photo.model_fields["state"].annotation)) == {"waiting", "scored", "failed"}
    assert {field.name for field in fields(Settings)} >= set(answers.Limits.model_fields)


@pytest.mark.parametrize("address", ["/api/photos", "/api/status", "/api/checkpoint", "/api/jobs"])
def test_answers_are_valid_by_their_description(client, address):
    model = {"/api/photos": answers.Photos, "/api/status": answers.Status}.get(address)
    model = model or {"/api/checkpoint": answers.Meaning, "/api/jobs": answers.JobList}[address]
    given = client.get(address).json()
    assert json.loads(model.model_validate(given, strict=True).model_dump_json()) == given
