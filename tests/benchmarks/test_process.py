"""Measured processes, small ones: that they answer, and that what they answer is possible."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.process import Contender, run_command

ROOT = Path(__file__).parents[2]


def test_a_contender_answers_its_turns(monkeypatch):
    monkeypatch.chdir(ROOT)
    contender = Contender("onnx-fp32", "default")
    try:
        answers = [contender.time(64, 64), contender.time(64, 96)]
    finally:
        contender.close()
    for answer in answers:
        assert set(answer) == {"network", "whole", "peak"}
        assert 0 < answer["network"] < answer["whole"] < 60
        assert 30e6 < answer["peak"] < 4e9


def test_a_commands_peak_is_its_own():
    held = bytes(300_000_000)  # of this process, not of the one that is measured
    small = run_command([sys.executable, "-S", "-c", "pass"])
    large = run_command([sys.executable, "-S", "-c", "x = b'1' * 100_000_000"])
    assert len(held) > small.peak_bytes
    assert 90e6 < large.peak_bytes - small.peak_bytes < 120e6
    assert 0 < small.seconds < 30


def test_a_command_that_fails_is_named():
    with pytest.raises(RuntimeError, match="sys.exit\\(3\\) ended with 3"):
        run_command([sys.executable, "-c", "import sys; sys.exit(3)"])


def test_the_folder_as_a_command():
    command = [sys.executable, "-m", "benchmarks", "--parts", "folder", "--share", "0.02", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    name, _, figures = done.stdout.partition(": ")
    found = ast.literal_eval(figures)
    assert (name, found["photos"]) == ("folder", 4)
    assert found["share"] > 0
    assert found["share"] == pytest.approx(found["per_s"] / found["network_per_s"])


def test_a_commands_children_count():
    child = [sys.executable, "-S", "-c", "import time; x = b'1' * 100_000_000; time.sleep(1)"]
    parent = f"import subprocess, time; child = subprocess.Popen({child!r}); child.wait()"
    alone = run_command([sys.executable, "-S", "-c", "pass"])
    assert run_command([sys.executable, "-S", "-c", parent]).peak_bytes > alone.peak_bytes + 100e6
