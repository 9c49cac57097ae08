"""How much memory there is, and who may take some: sizes as people write them, and a budget that threads share."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
USUAL_PROCESS = 250_000_000  # bytes of a process with a network loaded, where the system does not tell


def parse_bytes(text: str) -> int:
    """`2GB`, `1.5 GiB` or `800M` as bytes; K, M, G, T are powers of 1000, with an i of 1024.

    Raises:
        ValueError: it is not a size, or not above 0.
    """
    match = re.fullmatch(r"([0-9.]+)\s*([kmgt]?)(i?)b?", text.strip().lower())
    try:
        if match is None:
            raise ValueError
        number, unit, binary = match.groups()
        size = float(number) * (1024 ** "kmgt".index(unit) * 1024 if binary and unit else UNITS[unit])
    except ValueError:
        raise ValueError(f"{text!r} is not a size in bytes such as 2GB, 1.5GiB or 800M") from None
    if size < 1:
        raise ValueError(f"{text!r}: a limit must be above 0 bytes")
    return int(size)


def format_bytes(size: float) -> str:
    """`1.27 GB`."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def machine_bytes() -> int:
    """Memory of this machine."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # a system without sysconf
        return 4 * 10**9


def process_bytes() -> int:
    """Memory that this process holds now."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return USUAL_PROCESS
    return pages * os.sysconf("SC_PAGE_SIZE")


class Budget:
    """Bytes that threads take and give back; who finds too few waits, and who holds all that is held never waits."""

    def __init__(self, size: int) -> None:
        self.size, self._held = size, 0
        self._changed = threading.Condition()

    @contextmanager
    def take(self, size: int) -> Iterator[None]:
        """Holds `size` bytes; more than the whole budget is handed out when nobody else holds any."""
        with self._changed:
            self._changed.wait_for(lambda: self._held == 0 or self._held + size <= self.size)
            self._held += size
        try:
            yield
        finally:
            with self._changed:
                self._held -= size
                self._changed.notify_all()
