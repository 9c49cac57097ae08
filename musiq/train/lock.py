"""One run folder, one run: a second process that would write into it is refused."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from musiq.errors import RecipeError

LOCK_FILE = "lock"


@contextmanager
def lock_run(run: Path) -> Iterator[None]:
    """Context that holds the run folder; the system lets go of it when the process ends, however it ends.

    Raises:
        RecipeError: another process holds it.
    """
    try:
        import fcntl
    except ImportError:  # Windows has no such locks: nothing is held there
        yield
        return
    file = os.open(run / LOCK_FILE, os.O_CREAT | os.O_RDWR)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RecipeError(f"{run}: another process is training in this run folder") from error
        yield
    finally:
        os.close(file)
