"""What OpenVINO must not do to the process that loads it."""

import subprocess
import sys

OPENED_AND_CLOSED = """
import os, signal
from musiq.runtime.openvino import OpenVinoRuntime
from musiq.sources import load_checkpoint

signal.signal(signal.SIGUSR1, lambda *_: print("handled"))
checkpoint = load_checkpoint("default")
first, second = OpenVinoRuntime(checkpoint), OpenVinoRuntime(checkpoint)
del first
del second
os.kill(os.getpid(), signal.SIGUSR1)
"""


def test_signals_are_still_handled_after_runtimes_were_opened_and_closed():
    done = subprocess.run([sys.executable, "-c", OPENED_AND_CLOSED], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "handled\n"), done.stderr
