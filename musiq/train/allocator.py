"""Memory that stays with the process: training frees and takes the same large blocks at each step.

By default glibc hands each back to the kernel and the next step pays for zeroed pages again, a third of a step's
time on a CPU. Other C libraries lack `mallopt` and keep their own ways.
"""

import ctypes
import sys
from contextlib import suppress

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4


def keep_freed_memory() -> None:
    """Tells glibc to keep freed memory for this process and its children."""
    if sys.platform != "linux":
        return
    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(M_TOP_PAD, 256 * 2**20)
