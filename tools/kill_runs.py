"""Kills runs of `musiq score` with SIGKILL at random moments, starts them again, and compares the rows at the end.

    python -m tools.kill_runs FOLDER --images 20000 --kills 20

FOLDER gets small images cut from examples/, a tiny network of random weights, and the outputs. For CSV, Parquet, and a
store that two processes write at once, the rows have to be those of an uninterrupted run: each image once, with its
score.
"""

import argparse
import csv
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from musiq.checkpoint import Checkpoint, save_checkpoint
from musiq.config import ModelConfig, weight_shapes
from musiq.patches import PatchConfig
from musiq.runtime.export import export_graphs

EXAMPLES = Path(__file__).parents[1] / "examples"
SIDE_PX = 64
START_S = 0.8  # of a run, about, before its first row
Scores = dict[str, str]


class Outcome(NamedTuple):
    """What became of one kind of output."""

    kind: str
    kills: int
    rows: int
    twice: int
    missing: int
    unlike: int


def make_images(folder: Path, count: int) -> None:
    """Crops of the example photos, a file each, all of them different."""
    folder.mkdir(parents=True)  # what is left of another session would prove nothing
    photos = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(EXAMPLES.glob("*.jpg"))]
    rng = np.random.default_rng(0)
    for index in range(count):
        photo = photos[index % len(photos)]
        top, left = (int(rng.integers(0, side - SIDE_PX)) for side in photo.shape[:2])
        crop = photo[top : top + SIDE_PX, left : left + SIDE_PX].copy()
        crop[0, 0] = index % 256, index // 256 % 256, index // 65536
        Image.fromarray(crop).save(folder / f"{index:06d}.png", compress_level=1)


def make_checkpoint(folder: Path) -> None:
    """A network that takes a millisecond, so that killing is what takes the time."""
    model = ModelConfig(width=24, depth=1, heads=2, mlp=32, stem=8, stem_groups=4, scales=1)
    rng = np.random.default_rng(0)
    weights = {
        name: rng.standard_normal(shape, np.float32) * np.float32(np.prod(shape[1:]) ** -0.5)
        for name, shape in weight_shapes(model).items()
    }
    patches = PatchConfig(longer_sides=())
    save_checkpoint(Checkpoint("random", weights, model, patches, graphs=export_graphs(model)), folder)


def score_command(folder: Path, *options: str) -> list[str]:
    """The command that scores the images."""
    names = (str(folder / "images"), "--checkpoint", str(folder / "checkpoint"))
    return [sys.executable, "-m", "musiq", "score", *names, "--quiet", *options]


def run_killed(commands: Sequence[list[str]], kills: int, seconds: float, seed: int) -> int:
    """Runs the commands at the same time until each has come to its end; how often one was killed on the way.

    Args:
        kills: how many to deal out, to one of them at a time.
        seconds: that one run takes; the moments are spread over them.
    """
    rng, killed = random.Random(seed), 0
    running = [subprocess.Popen(command) for command in commands]
    while killed < kills and any(process.poll() is None for process in running):
        time.sleep(rng.uniform(0, 2 * (START_S + 0.4 * seconds / kills)))
        place = rng.randrange(len(running))
        if running[place].poll() is None:
            running[place].kill()
            running[place].wait()
            running[place] = subprocess.Popen(commands[place])
            killed += 1
    for process in running:
        if process.wait() != 0:
            raise RuntimeError(f"a run ended with {process.returncode}")
    return killed


def csv_scores(path: Path) -> Iterator[tuple[str, str]]:
    """Path and score of each row, read by the csv module."""
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield row["path"], row["score"]


def parquet_scores(path: Path) -> Iterator[tuple[str, str]]:
    """Path and score of each row, read by pyarrow."""
    from pyarrow import dataset

    for batch in dataset.dataset(path, format="parquet").to_batches(columns=["path", "score"]):
        yield from ((row["path"], repr(row["score"])) for row in batch.to_pylist())


def store_scores(path: Path) -> Iterator[tuple[str, str]]:
    """Path and score of each file, read by sqlite3."""
    question = "SELECT path, score FROM files JOIN scores USING (content)"  # one scoring
    yield from ((name, repr(score)) for name, score in sqlite3.connect(path).execute(question))


def compare(kind: str, kills: int, found: Iterator[tuple[str, str]], expected: Scores) -> Outcome:
    """How the rows differ from those of an uninterrupted run."""
    rows = list(found)
    scores = dict(rows)
    unlike = sum(scores[name] != score for name, score in expected.items() if name in scores)
    return Outcome(kind, kills, len(rows), len(rows) - len(scores), len(expected.keys() - scores.keys()), unlike)


def kill_all(folder: Path, count: int, kills: int, seed: int = 0) -> Iterator[Outcome]:
    """An uninterrupted run, then one of each kind that is killed; yields how each differs."""
    make_images(folder / "images", count)
    make_checkpoint(folder / "checkpoint")
    started = time.monotonic()
    subprocess.run(score_command(folder, "--output", str(folder / "whole.csv")), check=True)
    seconds = time.monotonic() - started
    expected = dict(csv_scores(folder / "whole.csv"))
    yield compare("csv, uninterrupted", 0, csv_scores(folder / "whole.csv"), expected)
    kinds: list[tuple[str, list[str], Path, int, Callable[[Path], Iterator[tuple[str, str]]]]] = [
        ("csv", ["--output"], folder / "killed.csv", 1, csv_scores),
        ("parquet", ["--output"], folder / "killed.parquet", 1, parquet_scores),
        ("store, two processes", ["--store"], folder / "killed.sqlite", 2, store_scores),
    ]
    for kind, option, path, processes, read in kinds:
        commands = [score_command(folder, *option, str(path))] * processes
        yield compare(kind, run_killed(commands, kills, seconds, seed), read(path), expected)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("| output | kills | rows | twice | missing | other score |\n|---|---|---|---|---|---|")
    for outcome in kill_all(options.folder, options.images, options.kills, options.seed):
        print(f"| {' | '.join(f'{fact:,}' if isinstance(fact, int) else fact for fact in outcome)} |", flush=True)


if __name__ == "__main__":
    main()
