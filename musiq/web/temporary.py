"""The temporary folder of a server: gone when it ends, and after a kill when the next one starts."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from musiq.outputs.lock import open_locked, release

PREFIX = "musiq-serve-"
LOCK = "lock"  # held as long as its folder is in use


@contextmanager
def own_folder() -> Iterator[Path]:
    """A new folder; those that servers of the same user were killed in are removed."""
    _clear()
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        file = open_locked(Path(name) / "new")
        try:
            if _is_posix():
                Path(name, "new").rename(Path(name) / LOCK)  # it is there only when it is held
            yield Path(name)
        finally:
            release(file)


def _clear() -> None:
    if not _is_posix():  # no such locks
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # another server removes it, or it is in use
            if _is_own(folder):
                _remove(folder)


def _is_posix() -> bool:
    return os.name == "posix"


def _is_own(folder: Path) -> bool:
    facts = folder.lstat()
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid()


def _remove(folder: Path) -> None:
    import fcntl

    file = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(file)
