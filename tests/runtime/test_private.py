"""Scoring tells nobody: the runtimes' own reports of use are off, and nothing numbers the machine."""

import os
import subprocess
import sys

import pytest

SCORES = """
import numpy as np
from musiq import Scorer

print(Scorer.load(runtime="{runtime}").score(np.zeros((64, 64, 3), np.uint8)))
"""


@pytest.mark.parametrize("runtime", ["onnx", "openvino"])
def test_nothing_is_written_into_the_home_folder(runtime, tmp_path):
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH")}
    command = [sys.executable, "-c", SCORES.format(runtime=runtime)]
    subprocess.run(command, env=kept | {"HOME": str(tmp_path)}, check=True, capture_output=True)
    assert list(tmp_path.rglob("*")) == []
