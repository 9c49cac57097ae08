"""What the name in a row says of its photo: which file it is, if it is one, and in which folder it lies."""

import os
import re
from pathlib import Path

from musiq.errors import ImageError
from musiq.inputs.item import portable

_ESCAPED = re.compile(rb"\\\\|\\x([89a-f][0-9a-f])")
_MEMBER = re.compile(r"(.+\.\w+)!")


def real_path(name: str) -> str:
    r"""The path that `musiq.inputs.item.portable` wrote as `name`.

    Two paths may share a name: that of valid UTF-8 with a backslash, an x and two digits in it, and the one where these
    stand for a byte. The first is meant where there is such a file.
    """
    if "\\x" not in name or os.path.lexists(name):
        return name
    path = os.fsdecode(_ESCAPED.sub(_unescaped, name.encode()))
    return path if portable(path) == name else name


def _unescaped(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match[1].decode()) if match[1] else b"\\"


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
    if any(Path(real_path(name[: mark.start()])).is_file() for mark in re.finditer("!", name)):
        raise ImageError(f"{name}: inside another file, no file of its own", "not-a-file")
    raise ImageError(f"{name}: no such file", "missing")


def folder_of(name: str) -> str:
    """The folder that the photo lies in; for `archive.tar!photo.jpg` the archive."""
    folder, last = os.path.split(name)
    member = _MEMBER.match(last)
    return str(Path(folder, member[1])) if member else folder
