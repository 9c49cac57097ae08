"""Files that behave badly, for processes that import them."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from musiq.inputs.item import File, Stamp

SECONDS = 0.02  # that a file takes to read, so that there is a middle in which something can happen
HELD = Path("held")  # while there is such a file, each takes longer, so that the middle lasts until it has happened
HELD_SECONDS = 1.0


@dataclass(frozen=True)
class Slow(File):
    """A file on a slow disk."""

    def read(self, limit: int) -> bytes:
        time.sleep(HELD_SECONDS if HELD.exists() else SECONDS)
        return super().read(limit)


@dataclass(frozen=True)
class Deadly(File):
    """A file that ends the process that scores it."""

    def stamp(self) -> Stamp | None:
        os.kill(os.getpid(), signal.SIGKILL)
        return None
