"""Large runs: memory against the number of files, and what a second run and decoding in other processes cost.

    python -m benchmarks.runs PHOTOS [--photos 500] [--files 1000 20000]

PHOTOS is a folder; its first photos are scored with the default checkpoint, all in one session.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.process import Run, run_command
from musiq.decode.limits import Limits
from musiq.decode.pool import Decoders
from musiq.inputs.expand import Inputs
from musiq.inputs.item import File
from musiq.runs.local import LocalEngine
from musiq.scorer import Scorer
from tools.kill_runs import make_checkpoint, make_images


def score(inputs: list[str], *options: str) -> Run:
    """Time and memory of one `musiq score` of these inputs."""
    return run_command([sys.executable, "-m", "musiq", "score", *inputs, "--quiet", *options])


def memory(folder: Path, counts: list[int]) -> Iterator[str]:
    """Peak memory of the scoring process over ever more small images, with a tiny network."""
    make_checkpoint(folder / "checkpoint")
    make_images(folder / "images", max(counts))
    for count in counts:
        listed = folder / f"{count}.lst"
        listed.write_text("".join(f"{path}\n" for path in sorted((folder / "images").iterdir())[:count]))
        where = ("--output", str(folder / f"{count}.csv"), "--store", str(folder / f"{count}.sqlite"))
        run = score([str(listed)], "--checkpoint", str(folder / "checkpoint"), *where)
        yield f"| {count:,} | {run.peak_bytes / 1e6:.0f} MB | {count / run.seconds:.0f} |"


def again(folder: Path, photos: list[str]) -> Iterator[str]:
    """A run, the same run with its store, and one over the same photos under other names."""
    listed, store = folder / "photos.lst", str(folder / "photos.sqlite")
    listed.write_text("".join(f"{photo}\n" for photo in photos))
    first = score([str(listed)], "--store", store)
    second = score([str(listed)], "--store", store)
    renamed = folder / "renamed"
    renamed.mkdir()
    for index, photo in enumerate(photos):
        (renamed / f"{index}.jpg").symlink_to(Path(photo).absolute())
    moved = score([str(renamed)], "--store", store)
    for name, run in (("first", first), ("again", second), ("renamed", moved)):
        yield f"| {name} | {run.seconds:.2f} s | {first.seconds / run.seconds:.0f} |"


def isolation(photos: list[str], rounds: int) -> Iterator[str]:
    """The same photos scored with decoding in this process and in others, in turns."""
    scorer = Scorer.load()
    seconds: dict[str, list[float]] = {"in the same process": [], "in other processes": []}
    with Decoders(Limits()) as decoders:
        engine = LocalEngine(scorer, decoders)
        for _ in range(rounds):
            started = time.perf_counter()
            beside = [result.mos for result in scorer.score_many(photos)]  # type: ignore[union-attr]
            middle = time.perf_counter()
            apart = [result.row.score for result in engine.results(Inputs(tuple(photos)))]
            seconds["in the same process"].append(middle - started)
            seconds["in other processes"].append(time.perf_counter() - middle)
            assert beside == apart
    least = min(seconds["in the same process"])
    for name, times in seconds.items():
        yield f"| {name} | {min(times):.2f} s | {min(times) / least:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="PHOTOS")
    parser.add_argument("--photos", type=int, default=500)
    parser.add_argument("--files", type=int, nargs="+", default=[1000, 20_000])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    items = [item for item in Inputs((str(options.folder),)) if isinstance(item.source, File)]
    photos = [item.name for item in items[: options.photos]]
    with tempfile.TemporaryDirectory() as folder:
        _print("files | peak memory | files a second", memory(Path(folder), options.files))
        _print(f"{len(photos)} photos | time | times faster", again(Path(folder), photos))
    few = photos[: max(1, len(photos) // 5)]
    _print(f"{len(few)} photos, decoded | time | ratio", isolation(few, options.rounds))


def _print(header: str, lines: Iterator[str]) -> None:
    print(f"| {header} |\n|{'---|' * (header.count('|') + 1)}")
    for line in lines:
        print(line, flush=True)
    print()


if __name__ == "__main__":
    main()
