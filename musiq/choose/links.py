"""A folder of symbolic links to chosen photos."""

import os
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from musiq.errors import OutputError

Done = Literal["written", "kept"]


def open_folder(folder: Path) -> Path:
    """The folder, made if it was not there.

    Raises:
        OutputError: it cannot be made, or is something else.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: no folder for links: {error.strerror}") from error
    return folder


def add_link(folder: Path, photo: str) -> Done:
    """Links a photo under its own name; where that is taken, under one with a mark made of its path.

    A link of an earlier run to the same photo is kept, and nothing in the folder is ever replaced.

    Raises:
        OutputError: both names are taken by something else, or no link can be made.
    """
    target = Path(photo).absolute()
    mark = blake2b(os.fsencode(target), digest_size=6).hexdigest()
    plain, marked = folder / target.name, folder / f"{target.stem}-{mark}{target.suffix}"
    try:
        if any(link.is_symlink() and link.readlink() == target for link in (plain, marked)):
            return "kept"
        _link(plain, target) or _link(marked, target) or _refuse(marked, photo)
    except OSError as error:
        raise OutputError(f"{plain}: no link can be made: {error.strerror}") from error
    return "written"


def _link(link: Path, target: Path) -> bool:
    try:
        link.symlink_to(target)
    except FileExistsError:
        return False
    return True


def _refuse(link: Path, photo: str) -> bool:
    raise OutputError(f"{link}: taken by something else; {photo} gets no link")
