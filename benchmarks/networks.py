"""Every runtime and precision against the machine's own matrix product, eager torch and the common port."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Any

from benchmarks.contenders import PEAK_PRODUCTS, PEAK_SIDE, networks, peaks
from benchmarks.flops import network_flops
from benchmarks.process import Contender
from musiq.checkpoint import Checkpoint
from musiq.config import ModelConfig
from musiq.patches import token_counts
from musiq.progress import progress_bar

LARGE = 1_000_000  # pixels; beyond it three rounds are enough, and long
EAGER_LIMIT = 4_000_000  # pixels; beyond it the eager network and the port take minutes or more memory than there is


def measure(checkpoint: Checkpoint, source: str, sizes: Sequence[tuple[int, int]], rounds: int) -> list[dict[str, Any]]:
    """One row per size and contender: medians of `rounds` rounds in which every contender has its turn.

    Args:
        source: name or path that `checkpoint` was read from; the contenders read it again.
        sizes: (height, width) in px.
    """
    rows = []
    with _contenders(source, checkpoint.model) as contenders, progress_bar("timing", len(sizes) * rounds) as advance:
        for height, width in sizes:
            able = [c for c in contenders if height * width <= EAGER_LIMIT or c.name not in ("eager", "port")]
            taken: dict[str, list[dict[str, float]]] = {contender.name: [] for contender in able}
            for contender in able:
                contender.time(*(sizes[0] if height * width > LARGE else (height, width)))  # warm
            for _ in range(rounds if height * width <= LARGE else min(rounds, 3)):
                for contender in able:
                    taken[contender.name].append(contender.time(height, width))
                advance(f"{width}x{height}")
            rows += _rows(checkpoint, height, width, taken)
    return rows


@contextmanager
def _contenders(source: str, model: ModelConfig) -> Iterator[list[Contender]]:
    with ExitStack() as stack:
        contenders = [Contender(name, source) for name in [*peaks(), *networks(model)]]
        for contender in contenders:
            stack.callback(contender.close)
        yield contenders


def _rows(checkpoint: Checkpoint, height: int, width: int, taken: dict[str, list[dict[str, float]]]) -> Any:
    tokens = sum(token_counts(height, width, checkpoint.patches))
    flops = network_flops(checkpoint.model, tokens)
    medians = {name: {key: median(run[key] for run in runs) for key in runs[0]} for name, runs in taken.items()}
    peak = max(PEAK_PRODUCTS * 2 * PEAK_SIDE**3 / medians[name]["network"] for name in peaks())
    for name, figures in medians.items():
        if name in peaks():
            continue
        row: dict[str, Any] = {
            "width": width,
            "height": height,
            "tokens": tokens,
            "gflop": flops / 1e9,
            "peak_gflops": peak / 1e9,
        }
        row |= {"runtime": name, "network_s": figures["network"], "whole_s": figures["whole"]}
        row |= {"peak_mb": figures["peak"] / 1e6, "share_of_peak": flops / peak / figures["network"]}
        row |= {
            f"times_{other}": medians[other]["whole"] / figures["whole"]
            for other in ("eager", "port")
            if other in medians
        }
        yield row
