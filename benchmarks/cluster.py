"""The engine on a cluster beside the engine on one machine, both here: `python -m benchmarks.cluster PHOTOS`."""

import argparse
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median

from musiq.cluster.engine import RayEngine
from musiq.decode.limits import Limits
from musiq.decode.pool import Decoders
from musiq.inputs.folder import list_folder
from musiq.inputs.item import Item
from musiq.runs.engine import Engine
from musiq.runs.local import LocalEngine
from musiq.runtime.precision import core_count, processor_name
from musiq.scorer import Scorer

Opened = Callable[[str], AbstractContextManager[Engine]]


@contextmanager
def local(checkpoint: str) -> Iterator[Engine]:
    with Decoders(Limits(), ready=1) as decoders:
        yield LocalEngine(Scorer.load(checkpoint), decoders)


@contextmanager
def cluster(checkpoint: str) -> Iterator[Engine]:
    with RayEngine({"checkpoint": checkpoint}, Limits(), address="local") as engine:
        yield engine


def measure(opened: Opened, checkpoint: str, items: list[Item]) -> list[float]:
    """Seconds from nothing to each row."""
    started = time.perf_counter()
    with opened(checkpoint) as engine:
        return [time.perf_counter() - started for _ in engine.results(items)]


def describe(name: str, turns: list[list[float]]) -> str:
    """A line of the table: medians over the turns."""
    quarter = len(turns[0]) // 4
    rate = median((len(turn) - quarter) / (turn[-1] - turn[quarter - 1]) for turn in turns)
    first, last = median(turn[0] for turn in turns), median(turn[-1] for turn in turns)
    return f"| {name} | {first:.1f} s | {last:.1f} s | {rate:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("photos", type=Path, help="folder of photos")
    parser.add_argument("--count", type=int, default=400, help="photos that are scored, the first by name")
    parser.add_argument("--rounds", type=int, default=3, help="turns that each engine has")
    parser.add_argument("--checkpoint", default="default", help="name, folder or file")
    options = parser.parse_args()
    items = list(list_folder(str(options.photos), False))[: options.count]
    here: list[list[float]] = []
    there: list[list[float]] = []
    for _ in range(options.rounds):
        here.append(measure(local, options.checkpoint, items))
        there.append(measure(cluster, options.checkpoint, items))
    print(f"{processor_name() or platform.processor()}, {core_count()} cores, {len(items)} photos")
    print("| engine | first row | all rows | photos a second in the last three quarters |\n|---|---|---|---|")
    print(describe("local", here), describe("ray", there), sep="\n")
    ratio = median(ray[-1] / one[-1] for one, ray in zip(here, there, strict=True))
    print(f"for all rows ray takes {ratio:.2f} times as long")


if __name__ == "__main__":
    main()
