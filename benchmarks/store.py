"""How fast a store of scores is, and how large: `python -m benchmarks.store --rows 1000000` prints a Markdown table.

Rows are made up, the same each time. Every step runs in a process of its own; the seconds are those of the store alone,
without the start of the process and the making of rows.
"""

import argparse
import hashlib
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from musiq.inputs.item import Stamp
from musiq.outputs import open_output
from musiq.rows import Row, Scoring
from musiq.store import Store
from musiq.store.query import by_path, by_percentile

Entry = tuple[Row, Scoring, Stamp]

SCORING = Scoring(hashlib.sha256(b"made up").hexdigest(), "google-v1/224+384+native/p32/g10", "fp32")
BATCH = 1000  # rows of one `put_many`
SINGLE = 10_000  # rows of the steps that take one after another
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


def entry(index: int) -> Entry:
    """One made-up row, decided by its number."""
    chance = random.Random(index)
    score, size = round(chance.gauss(55, 12), 6), chance.randrange(10**6, 10**7)
    row = Row(
        f"/photos/{index // 1000:04d}/IMG_{index % 1000:04d}.jpg",
        score=score,
        interval_low=score - chance.uniform(5, 9),
        interval_high=score + chance.uniform(5, 9),
        coverage=0.9,
        percentile=chance.uniform(0, 100),
        band="fair",
        low=0.0,
        high=100.0,
        checkpoint="default",
        weights=SCORING.weights,
        preprocess=SCORING.preprocess,
        runtime="onnx",
        precision=SCORING.precision,
        width=4032,
        height=3024,
        bytes=size,
        content=chance.randbytes(16).hex(),
        notes=("EXIF orientation 6 applied",) if index % 3 == 0 else (),
        seconds=round(chance.uniform(0.05, 0.5), 4),
        time="2026-01-01T00:00:00+00:00",
    )
    return row, SCORING, Stamp(size, 1_700_000_000_000_000_000 + index)


def timed(action: Callable[[], object]) -> float:
    """Seconds that it takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def put_many(store: Store, rows: int) -> tuple[int, float]:
    batches = ([entry(index) for index in range(first, first + BATCH)] for first in range(0, rows, BATCH))
    return rows, sum(timed(partial(store.put_many, batch)) for batch in batches)


def put(store: Store, rows: int) -> tuple[int, float]:
    entries = [entry(index) for index in range(rows, rows + SINGLE)]

    def write() -> None:
        for one in entries:
            store.put(*one)

    return SINGLE, timed(write)


def known(store: Store, rows: int) -> tuple[int, float]:
    entries = [entry(index) for index in random.Random(0).choices(range(rows), k=SINGLE)]
    found = list[Row | None]()
    seconds = timed(lambda: found.extend(store.known(row.path, stamp, scoring) for row, scoring, stamp in entries))
    assert found == [row for row, _, _ in entries]
    return SINGLE, seconds


def best(store: Store, rows: int) -> tuple[int, float]:
    found = list[Row]()
    seconds = timed(lambda: found.extend(by_percentile(store, SCORING, 99, 100)))
    return len(found), seconds


def export(store: Store, rows: int) -> tuple[int, float]:
    def write() -> None:
        with open_output(store.path.with_suffix(".csv"), "csv", overwrite=True) as output:
            for row in by_path(store, SCORING):
                output.write(row)

    return rows + SINGLE, timed(write)


STEPS = {
    f"`put_many`, {BATCH:,} at a time": put_many,
    "`put`, one at a time": put,
    "`known`, one at a time, anywhere": known,
    "the best 1 %": best,
    "everything to CSV": export,
}


def run_step(name: str, path: Path, rows: int) -> dict[str, float]:
    """Rows and seconds of one step, and the peak memory of this process in bytes."""
    with Store(path) as store:
        done, seconds = STEPS[name](store, rows)
    return {"rows": done, "seconds": seconds, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT}


def line(name: str, step: dict[str, float]) -> str:
    rows, seconds, peak = step["rows"], step["seconds"], step["peak"]
    return f"| {name} | {rows:,} | {seconds:.2f} s | {rows / seconds:,.0f} | {peak / 1e6:.0f} MB |"


def main() -> None:
    options = _parser().parse_args()
    if options.step is not None:
        print(json.dumps(run_step(options.step, options.folder / "store.sqlite", options.rows)))
        return
    print("| step | rows | time | rows a second | peak memory |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for name in STEPS:
            command = (sys.executable, "-m", "benchmarks.store", "--rows", str(options.rows), "--folder", folder)
            done = subprocess.run([*command, "--step", name], stdout=subprocess.PIPE, text=True, check=True)
            print(line(name, json.loads(done.stdout)), flush=True)
        size = Path(folder, "store.sqlite").stat().st_size
        print(f"\nThe store takes {size / 1e6:,.0f} MB, {size / (options.rows + SINGLE):.0f} bytes a row.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help=f"a multiple of {BATCH:,}")
    parser.add_argument("--folder", type=Path, help="where the store lies meanwhile; a temporary folder if unset")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    main()
