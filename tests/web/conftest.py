"""A small folder with good, bad and hostile files, and a server of it in this process, with a tiny network."""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from musiq.checkpoint import Checkpoint
from musiq.web.app import create_app
from musiq.web.settings import Settings
from tests.conftest import REFERENCE

BASE = "http://127.0.0.1:8000"
PHOTOS = {
    "astronaut.jpg": "astronaut_384x512",
    "2024/chelsea.png": "chelsea_300x451",
    "2024/März.jpg": "coffee_400x600",
}
SECRET = "outside.jpg"  # a good photo beside the folder


@pytest.fixture(scope="session")
def checkpoint(tiny_checkpoints: dict[str, Checkpoint]) -> Checkpoint:
    return tiny_checkpoints["tiny-multiscale"]


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory) -> Path:
    """Three photos, one of them with an umlaut in its name; a text that says it is one; a link to a photo outside."""
    folder = tmp_path_factory.mktemp("served") / "photos"
    (folder / "2024").mkdir(parents=True)
    for name, image in PHOTOS.items():
        Image.open(REFERENCE / "images" / f"{image}.png").convert("RGB").save(folder / name, quality=90)
    (folder / "broken.jpg").write_text("no photo")
    (folder / "notes.txt").write_text("not shown")
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(folder.parent / SECRET)
    (folder / "link.jpg").symlink_to(folder.parent / SECRET)
    return folder


@pytest.fixture
def folder(shared_folder: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    shutil.copytree(shared_folder.parent, tmp_path / "served", symlinks=True)
    link = tmp_path / "served" / "photos" / "link.jpg"
    link.unlink()
    link.symlink_to(tmp_path / "served" / SECRET)
    return tmp_path / "served" / "photos"


@pytest.fixture(scope="session")
def settings(checkpoint: Checkpoint, shared_folder: Path) -> Settings:
    """Of a server that scores the shared folder when it starts, and keeps nothing."""
    return Settings(checkpoint=checkpoint, folder=shared_folder, workers=2)


@pytest.fixture(scope="session")
def client(settings: Settings) -> Iterator[TestClient]:
    """Of a server that has scored its folder; for tests that change nothing that others see."""
    with TestClient(create_app(settings), base_url=BASE) as client:
        settled(client)
        yield client


@pytest.fixture
def served(checkpoint: Checkpoint) -> Iterator[Callable[..., TestClient]]:
    """Starts a server in this process by its settings; its end is that of the test, or of a `with` block."""
    started = []

    def serve(**settings: object) -> TestClient:
        client = TestClient(create_app(replace(Settings(checkpoint=checkpoint, workers=2), **settings)), base_url=BASE)
        client.__enter__()
        started.append(client)
        return client

    yield serve
    for client in started:
        client.__exit__(None, None, None)


def settled(client: TestClient, seconds: float = 20) -> list[dict]:
    """The jobs, newest first, once none is to be done any more."""
    deadline = time.monotonic() + seconds
    while True:
        jobs = client.get("/api/jobs").json()["jobs"]
        if all(job["state"] not in ("waiting", "running") for job in jobs):
            return jobs
        assert time.monotonic() < deadline, jobs
        time.sleep(0.02)


def album(client: TestClient) -> dict[str, dict]:
    """All photos by their path."""
    return {photo["path"]: photo for photo in client.get("/api/photos").json()["photos"]}


def error_of(answer, status: int) -> str:
    """The kind of an error that has that status and the shape of all errors."""
    assert answer.status_code == status, answer.text
    assert answer.json().keys() == {"error"}
    assert answer.json()["error"].keys() == {"kind", "reason"}
    return answer.json()["error"]["kind"]


def no_path_in(text: str, folder: Path) -> None:
    """The text tells nothing of where the folder lies."""
    assert str(folder) not in text
    assert str(folder.parent) not in text
