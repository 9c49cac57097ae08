"""Processes that are measured: contenders that wait while another has the machine, and whole commands."""

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

SMALL = 1_000_000  # pixels; a turn with less begins with an image that is not timed
LAUNCHER = """
import glob, json, os, subprocess, sys, time

def family(pid):
    children = [int(child) for path in glob.glob(f"/proc/{pid}/task/*/children") for child in open(path).read().split()]
    return [pid, *(one for child in children for one in family(child))]

def held(pid):
    try:
        pages = sum(int(open(f"/proc/{one}/statm").read().split()[1]) for one in family(pid))
        return pages * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # one of them ended meanwhile
        return 0

start, peak = time.perf_counter(), 0
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
    peak = max(peak, held(process.pid))
    time.sleep(0.005)
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "peak_bytes": max(peak, ended[2].ru_maxrss * 1024)}))
sys.exit(os.waitstatus_to_exitcode(ended[1]))
"""  # a small process: a child's peak counts what its parent held when it was born


class Contender:
    """One contender in a process of its own, asleep between its turns."""

    def __init__(self, name: str, checkpoint: str) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.process", name, checkpoint],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def time(self, height: int, width: int) -> dict[str, float]:
        """Seconds of one image of this size (`network`, `whole`) and the process's `peak` in bytes."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{height} {width}\n")
        self._process.stdin.flush()
        answer: dict[str, float] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.communicate()


class Run(NamedTuple):
    """What one whole command took."""

    seconds: float
    peak_bytes: int


def run_command(arguments: Sequence[str]) -> Run:
    """Wall time and peak resident memory of one command, its processes together; its output is dropped."""
    launched = subprocess.run([sys.executable, "-S", "-c", LAUNCHER, *arguments], capture_output=True, text=True)
    if launched.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {launched.returncode}: {launched.stderr}")
    return Run(**json.loads(launched.stdout))


def _forget_peak() -> None:
    with suppress(OSError):  # the system keeps the process's peak then
        Path("/proc/self/clear_refs").write_text("5")


def _peak_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def _serve(name: str, checkpoint: str) -> None:
    import numpy as np

    from benchmarks.contenders import build
    from musiq.sources import load_checkpoint

    timed = build(name, load_checkpoint(checkpoint))
    for line in sys.stdin:
        height, width = map(int, line.split())
        image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
        if height * width <= SMALL:
            timed(image)  # caches hold what ran before this turn
        _forget_peak()
        network, whole = timed(image)
        print(json.dumps({"network": network, "whole": whole, "peak": _peak_bytes()}), flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2])
