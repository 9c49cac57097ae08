"""Photos, and a cluster and drivers in processes of their own: Ray warns, and leaves things behind."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from musiq.checkpoint import save_checkpoint

ROOT = Path(__file__).parent.parent.parent
PHOTOS = 200
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "OMP_NUM_THREADS": "1",
    "RAY_AUTH_MODE": "disabled",  # a local Ray would leave a token in the home folder
}
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="session")
def folder(tmp_path_factory, tiny_checkpoints) -> Path:
    """A folder with a checkpoint, `tiny`, and small photos, one of them cut off."""
    folder = tmp_path_factory.mktemp("cluster")
    save_checkpoint(tiny_checkpoints["tiny-multiscale"], folder / "tiny")
    (folder / "photos").mkdir()
    rng = np.random.default_rng(0)
    for number in range(PHOTOS):
        pixels = rng.integers(0, 256, (32 + number % 20, 40, 3), np.uint8)
        Image.fromarray(pixels).save(folder / "photos" / f"{number:03}.jpg")
    cut = folder / "photos" / "007.jpg"
    cut.write_bytes(cut.read_bytes()[:500])
    return folder


@pytest.fixture(scope="session")
def start(folder: Path) -> Start:
    """Starts a script of this package in that folder."""

    def start(script: str, *arguments: object, cwd: Path = folder) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", f"tests.cluster.{script}", *map(str, arguments)],
            cwd=cwd,
            env=os.environ | ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture(scope="session")
def cluster(start: Start) -> Iterator["Cluster"]:
    with start("two_nodes") as process:
        yield Cluster(process)
        process.communicate()


class Cluster:
    """Two nodes of a core each."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout
        self.address = self._stdout.readline().strip()

    def lose_node(self) -> None:
        """Kills the second one."""
        self._stdin.write("lose\n")
        self._stdin.flush()
        assert self._stdout.readline() == "lost\n"
