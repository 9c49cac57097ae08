"""What this machine has for the network, timed: the evidence behind `choose.py`."""

import statistics
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple, get_args

import numpy as np

from musiq.checkpoint import Checkpoint
from musiq.errors import MissingExtraError
from musiq.patches import PatchSequence, patch_sequence
from musiq.runtime import open_runtime
from musiq.runtime.choose import PRECISIONS, Installed, choose_runtime, is_installed
from musiq.runtime.precision import Precision, multiplies

HEIGHT, WIDTH = 384, 512  # of the image that is timed
ROUNDS = 5
PACKAGES = {"onnx": "onnxruntime", "openvino": "openvino", "torch": "torch"}
INSTALL = {"onnx": "onnxruntime", "openvino": "'musiq[openvino]'", "torch": "'musiq[train]'"}  # what pip calls them


class Finding(NamedTuple):
    """One runtime at one precision: its median seconds for an image and its logit, or why it cannot run."""

    runtime: Installed
    version: str
    precision: Precision
    seconds: float | None = None
    logit: float | None = None
    why_not: str = ""


def examine(checkpoint: Checkpoint) -> Iterator[Finding]:
    """Every runtime at every precision that it has on a CPU."""
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    image = patch_sequence(pixels, checkpoint.patches)
    for runtime, precisions in PRECISIONS.items():
        for precision in precisions:
            found = Finding(runtime, _version(PACKAGES[runtime]), precision)
            if not is_installed(runtime):
                yield found._replace(why_not=f"not installed: pip install {INSTALL[runtime]}")
                continue
            if not multiplies(precision):
                yield found._replace(why_not=f"the processor has no instructions for {precision}")
                continue
            try:
                yield _timed(found, checkpoint, image)
            except (ValueError, MissingExtraError) as error:
                yield found._replace(why_not=str(error))


def choices() -> Iterator[tuple[Precision, str]]:
    """For each precision which runtime `auto` stands for on this machine's CPU, and why; or why there is none."""
    for precision in get_args(Precision):
        try:
            choice = choose_runtime("auto", "cpu", precision)
        except ValueError as error:
            yield precision, str(error)
        else:
            yield precision, f"{choice.name}: {choice.why}"


def advise(findings: Sequence[Finding]) -> str:
    """A sentence for whom another runtime than ONNX Runtime was clearly the fastest in float32; else empty."""
    timed = [(f.seconds, f.runtime) for f in findings if f.precision == "fp32" and f.seconds is not None]
    usual = next((seconds for seconds, runtime in timed if runtime == "onnx"), 0.0)
    seconds, fastest = min(timed, default=(0.0, "onnx"))
    return f"{fastest} was the faster here: --runtime {fastest}" if seconds < 0.9 * usual else ""


def _timed(found: Finding, checkpoint: Checkpoint, image: PatchSequence) -> Finding:
    runtime = open_runtime(checkpoint, found.runtime, precision=found.precision)
    logit = float(runtime.logits([image])[0, 0])  # the first call also warms up
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        runtime.logits([image])
        seconds.append(time.perf_counter() - start)
    return found._replace(seconds=statistics.median(seconds), logit=logit)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
