"""One run folder, one run: a second process that would write into it is refused."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from musiq.errors import RecipeError
from musiq.progress import say

LOCK_FILE = "lock"


@contextmanager
def lock_run(run: Path, name: str = LOCK_FILE, *, wait: bool = False) -> Iterator[None]:
    """Context that holds the run folder; the system lets go of it when the process ends, however it ends.

    Args:
        name: of the lock's file in the folder.
        wait: for another process that holds it, and say so, instead of an error.

    Raises:
        RecipeError: another process holds it.
    """
    try:
        import fcntl
    except ImportError:  # Windows has no such locks: nothing is held there
        yield
        return
    file = os.open(run / name, os.O_CREAT | os.O_RDWR)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if not wait:
                raise RecipeError(f"{run}: another process is training in this run folder") from error
            say(f"{run}: waiting for another process that is at work in it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
