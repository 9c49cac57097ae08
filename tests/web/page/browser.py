"""A real server in a process of its own, over photos whose scores are known, and a real browser that looks at it."""

import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PIL import Image

from musiq.checkpoint import Checkpoint, save_checkpoint
from musiq.inputs.item import File
from musiq.rows import Row, Scoring
from musiq.scores import BANDS, Calibration, Population, ScoreRange
from musiq.store.store import Store

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
HTML = "<img src=x onerror=alert(1)>.jpg"
SCORES = {
    "a.jpg": 12, "b.jpg": 28, "c.jpg": 44, "d.jpg": 61, "e.jpg": 77, "f.jpg": 93, HTML: 50,
    "trip/burst_1.jpg": 55, "trip/burst_2.jpg": 66, "trip/burst_10.jpg": 35,
}  # fmt: skip
BEST = ["f", "e", "burst_2", "d", "burst_1", HTML[:-4], "c", "burst_10", "b", "a"]


@dataclass
class Server:
    """A server that runs."""

    process: subprocess.Popen
    address: str

    def get(self, path: str) -> dict:
        with urllib.request.urlopen(self.address + path) as answer:
            return json.load(answer)

    def send(self, path: str, method: str, body: object = None) -> None:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(self.address + path, content, headers, method=method)).close()

    def photos(self) -> dict[str, dict]:
        """The album's entries by path, as a program reads them."""
        return {photo["path"]: photo for photo in self.get("api/photos?limit=10000")["photos"]}


@contextlib.contextmanager
def running(folder: Path, *options: object, port: int = 0) -> Iterator[Server]:
    """`musiq serve` of a folder, once it answers; killed at the end."""
    command = [sys.executable, "-m", "musiq", "serve", folder, "--port", port, "--workers", 2, *options]
    with subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE, text=True) as process:
        try:
            said = (re.search(r"http://[\d.:]+/", line) for line in process.stderr)
            yield Server(process, next(match[0] for match in said if match))
        finally:
            process.kill()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def browser_path() -> str:
    """Chromium of this machine; without one the test is skipped."""
    found = os.environ.get("MUSIQ_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium on the PATH, and MUSIQ_BROWSER names none")
    return found


def save_tiny(tiny: Checkpoint, folder: Path) -> Checkpoint:
    """The tiny network as a checkpoint folder, with a scale and all that a page can tell of one."""
    told = replace(
        tiny,
        score=ScoreRange(0, 100),
        population=Population("5 photos", (0.0, 25.0, 50.0, 75.0, 100.0)),
        calibration=Calibration(0.9, 1.5, "5 photos"),
        training_data=("nothing",),
        accuracy={"some set": {"images": 5, "srcc": 0.5}},
        licence="none",
    )
    save_checkpoint(told, folder)
    return told


def fill_store(path: Path, folder: Path, scores: Mapping[str, float], checkpoint: Checkpoint) -> None:
    """A store that knows the folder's photos by these scores, so that a server needs not look at them."""
    scoring = Scoring.of(checkpoint.id, checkpoint.preprocess, "fp32", None)
    with Store(path) as store:
        store.put_many(
            (scored_row(folder.resolve() / name, score, scoring), scoring, File(str(folder.resolve() / name)).stamp())
            for name, score in scores.items()
        )


def scored_row(path: Path, score: float, scoring: Scoring) -> Row:
    """A row such as the network gives, on a scale of 0 to 100; its interval is wider where the score is higher."""
    return Row(
        str(path),
        score=score,
        interval_low=score - 5 - score / 20,
        interval_high=score + 5 + score / 20,
        coverage=0.9,
        percentile=score,
        band=BANDS[min(4, int(score // 20))],
        low=0,
        high=100,
        checkpoint="tiny-multiscale",
        width=240,
        height=160,
        bytes=path.stat().st_size,
        content=hashlib.blake2b(os.fsencode(path), digest_size=16).hexdigest(),
        **vars(scoring),
    )


def draw_photo(path: Path, photo: Path, shift: int = 0) -> None:
    """A small JPEG of a part of a photo; a shift of a pixel or two makes one of the same burst."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = Image.open(photo).convert("RGB").resize((250, 170)).crop((shift, shift, 240 + shift, 160 + shift))
    part.save(path, quality=85)


def base64_of(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def pause() -> None:
    time.sleep(0.05)
