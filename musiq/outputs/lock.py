"""A file that one process at a time writes to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from musiq.errors import OutputError

_HELD = set[int]()


def open_locked(path: Path) -> int:
    """Descriptor of a file, made if need be, that no other process gets here until it is released or this one dies.

    Raises:
        OutputError: another process holds it.
    """
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        _HELD.add(file)
        try:
            _lock(file, path)
            if _is_at(file, path):
                return file
        except BaseException:
            release(file)
            raise
        release(file)  # somebody replaced the file before it was locked


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Context in which no other process gets the file by `open_locked`; it may be replaced there."""
    try:
        import fcntl  # noqa: F401
    except ImportError:  # and Windows replaces no file that is open
        yield
        return
    file = open_locked(path)
    try:
        yield
    finally:
        release(file)


def release(file: int) -> None:
    """Closes it and lets go of the lock."""
    _HELD.discard(file)
    os.close(file)


def _lock(file: int, path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows has no such locks
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OutputError(f"{path}: another run is writing to it") from error
    except OSError:  # nor have some network file systems
        return


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _forget() -> None:
    """A forked child must not keep the locks of a parent that is killed."""
    for file in _HELD:
        os.close(file)
    _HELD.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
