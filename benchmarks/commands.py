"""Whole commands and folders: cold start, large photos under a memory limit, and a folder against the network alone."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.photos import write_photo
from benchmarks.process import run_command
from musiq.image import load_image
from musiq.patches import patch_sequence
from musiq.progress import progress_bar
from musiq.scorer import Scorer

SCORE = (sys.executable, "-m", "musiq", "score")


def cold_start(folder: Path, checkpoint: str, rounds: int) -> dict[str, Any]:
    """`musiq score one.jpg` from nothing: median wall time and peak memory."""
    photo = write_photo(folder / "one.jpg", 512, 384)
    runs = [run_command([*SCORE, str(photo), "--checkpoint", checkpoint]) for _ in range(rounds)]
    return {"seconds": median(run.seconds for run in runs), "peak_mb": max(run.peak_bytes for run in runs) / 1e6}


def large_photo(folder: Path, checkpoint: str, width: int, height: int, limit: str) -> dict[str, Any]:
    """`musiq score` of one large JPEG under `--max-memory`."""
    photo = write_photo(folder / f"{width}x{height}.jpg", width, height)
    run = run_command([*SCORE, str(photo), "--checkpoint", checkpoint, "--max-memory", limit])
    return {"width": width, "height": height, "limit": limit, "seconds": run.seconds, "peak_mb": run.peak_bytes / 1e6}


def folder_throughput(photos: Sequence[Path], checkpoint: str, rounds: int) -> dict[str, Any]:
    """Photos per second from files to scores, beside those of the network alone with all cores on prepared photos."""
    scorer = Scorer.load(checkpoint)
    together, alone = [], []
    with progress_bar("folder", rounds * 2) as advance:
        for _ in range(rounds):
            alone.append(_network_alone(scorer, photos))
            advance("network alone")
            start = time.perf_counter()
            scores = list(scorer.score_many(photos))
            together.append(time.perf_counter() - start)
            assert len(scores) == len(photos)
            advance("files to scores")
    whole, network = median(together), median(alone)
    return {
        "photos": len(photos),
        "per_s": len(photos) / whole,
        "network_per_s": len(photos) / network,
        "share": network / whole,
    }


def _network_alone(scorer: Scorer, photos: Sequence[Path]) -> float:
    seconds = 0.0
    for photo in photos:
        sequence = patch_sequence(load_image(photo).pixels, scorer.checkpoint.patches)
        start = time.perf_counter()
        scorer.runtime.logits([sequence])
        seconds += time.perf_counter() - start
    return seconds
