"""What the name in a row says of its photo: which file it is, if it is one, and in which folder it lies."""

import os
import re
from pathlib import Path

from musiq.errors import ImageError
from musiq.inputs.item import real_path

_MEMBER = re.compile(r"(.+\.\w+)!")


def file_of(name: str) -> str:
    """The path of the photo's own file.

    Raises:
        ImageError: it has none; names it and says why.
    """
    path = real_path(name)
    if os.path.lexists(path):
        return path
    if "://" in name:
        raise ImageError(f"{name}: an address, no file of its own", "not-a-file")
    if any(os.path.isfile(real_path(name[: mark.start()])) for mark in re.finditer("!", name)):  # noqa: PTH113  # never raises
        raise ImageError(f"{name}: inside another file, no file of its own", "not-a-file")
    raise ImageError(f"{name}: no such file", "missing")


def is_gone(name: str) -> bool:
    """Whether neither the photo's file nor what held it is there; an address is not asked."""
    held = (name[: mark.start()] for mark in re.finditer("!", name))
    return "://" not in name and not any(os.path.exists(real_path(path)) for path in (name, *held))  # noqa: PTH110  # never raises


def folder_of(name: str) -> str:
    """The folder that the photo lies in; for `archive.tar!photo.jpg` the archive."""
    folder, last = os.path.split(name)
    member = None if os.path.lexists(real_path(name)) else _MEMBER.match(last)
    return str(Path(folder, member[1])) if member else folder
