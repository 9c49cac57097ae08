"""Files and folders that are written whole or not at all."""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def write_file(path: Path, content: bytes) -> None:
    """Writes a file in one step, over an older version if there is one."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)


def write_folder(folder: Path, files: Mapping[str, bytes | None]) -> None:
    """Writes a folder's files together, over an older version if there is one.

    Everything goes to disk under a hidden name beside the folder, then the two swap names. Until then the older version
    stays as it is; after it, files that are not named here are in the new one as they were. A crash between the two
    renames leaves both versions under hidden names, and the next call puts the older one back first.

    Args:
        files: content by name; None for a file that shall not be there.

    Raises:
        OSError: nothing has changed.
    """
    folder = folder.resolve()
    partial, previous = (folder.with_name(f".{folder.name}.{word}") for word in ("partial", "previous"))
    if previous.exists() and not folder.exists():
        previous.rename(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _let_go(previous, folder, files)
    _remove(partial)
    try:
        _write_all(partial, files)
        _swap(folder, partial, previous)
    except BaseException:
        _remove(partial)
        raise
    _let_go(previous, folder, files)


def _write_all(folder: Path, files: Mapping[str, bytes | None]) -> None:
    folder.mkdir()
    for name, content in files.items():
        if content is not None:
            with open(folder / name, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
    sync_folder(folder)


def _swap(folder: Path, partial: Path, previous: Path) -> None:
    if folder.exists():
        folder.rename(previous)
    try:
        partial.rename(folder)
    except BaseException:
        if previous.exists():
            previous.rename(folder)
        raise
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable, where the system can open folders."""
    with suppress(PermissionError):  # Windows
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _let_go(previous: Path, folder: Path, files: Mapping[str, bytes | None]) -> None:
    """Removes an older version after moving what others put into it to the new one."""
    if previous.exists():
        for path in previous.iterdir():
            if path.name not in files:
                path.rename(folder / path.name)
        _remove(previous)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
