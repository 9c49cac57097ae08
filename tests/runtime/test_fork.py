"""What a forked process inherits: data loaders and `Dataset.map(num_proc=...)` fork, beside a scorer or its remains."""

import subprocess
import sys

import pytest

COLLECTS = """
import gc, os
import numpy as np
from musiq import Scorer

gc.disable()
remains = [Scorer.load(runtime="onnx", threads=2)]
remains[0].score(np.zeros((600, 600, 3), np.uint8))
remains.append(remains)
del remains
child = os.fork()
if child == 0:
    gc.collect()
    print(Scorer.load(runtime="onnx", threads=2).score(np.zeros((600, 600, 3), np.uint8)).mos > 0, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_a_scorer_that_is_garbage_does_not_stop_a_child():
    ended = subprocess.run([sys.executable, "-c", COLLECTS], capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.returncode) == ("True\n", 0)
