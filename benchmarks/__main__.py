"""Tables on stdout; with --out, results.json and a plot in that folder."""

import argparse
import json
import platform
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.commands import cold_start, folder_throughput, large_photo
from benchmarks.networks import measure
from benchmarks.photos import mixed, write_folder
from benchmarks.report import draw, network_table
from musiq.runtime.precision import processor_name
from musiq.sources import load_checkpoint

SIZES = ((224, 224), (384, 512), (768, 1024), (1500, 2000), (3000, 4000))  # (height, width)
LARGE = ((4000, 3000, "1.5GB"), (8000, 6000, "2GB"))
PARTS = ("networks", "cold", "folder", "large")


def main() -> None:
    options = _parser().parse_args()
    results: dict[str, Any] = {"checkpoint": options.checkpoint, **_machine()}
    with tempfile.TemporaryDirectory() as folder:
        for part in options.parts:
            results[part] = _measure(part, options, Path(folder))
            print(network_table(results[part]) if part == "networks" else f"{part}: {results[part]}", flush=True)
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "results.json").write_text(json.dumps(results, indent=2) + "\n")
        if "networks" in results:
            draw(results, options.out / "speed.svg")


def _measure(part: str, options: argparse.Namespace, folder: Path) -> Any:
    source = options.checkpoint
    if part == "networks":
        sizes = [size for size in SIZES if size[0] * size[1] <= options.megapixels * 1e6]
        return measure(load_checkpoint(source), source, sizes, options.rounds)
    if part == "cold":
        return cold_start(folder, source, options.rounds)
    if part == "folder":
        return folder_throughput(
            write_folder(folder / "mixed", mixed(options.share)), source, max(1, options.rounds // 3)
        )
    return [large_photo(folder, source, *one) for one in LARGE]


def _machine() -> dict[str, str]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return {"processor": processor_name() or platform.processor(), "commit": commit.stdout.strip()}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--checkpoint", default="default", help="name, folder or file")
    parser.add_argument("--rounds", type=int, default=7, help="turns that every contender has")
    parser.add_argument("--megapixels", type=float, default=12.5, help="largest size of the networks' table")
    parser.add_argument("--share", type=float, default=1.0, help="share of the 200 mixed photos")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--out", type=Path, help="folder for results.json and speed.svg")
    return parser


if __name__ == "__main__":
    main()
