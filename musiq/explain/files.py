"""Where explanations are written: a few files for each photo, never over another photo's or over anybody else's."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from musiq.atomic import write_file
from musiq.errors import OutputError
from musiq.inputs.item import File, Item

DATA = ".json"
PICTURES = ("-quality.jpg", "-attention.jpg", "-sensitivity.svg")
LONGEST_BYTES = 200  # of a photo's name; file systems take 255 with what stands around it
MARK = "musiq explain"  # how our own files are told
Draw = Callable[[Path], None]


def identity(item: Item) -> str:
    """What tells a photo from others of the same name: its real path, or its name within an archive or a table."""
    return os.path.realpath(item.source.path) if isinstance(item.source, File) else item.name


def choose_name(folder: Path, item: Item) -> str:
    """What the photo's files are called before their endings: the photo's own name without its suffix, and with 8 hex
    digits after it where that is taken by another photo or by files that are not ours.

    Raises:
        OutputError: both are taken.
    """
    photo = identity(item)
    stem = Path(re.split(r"[/\\!]", item.name)[-1]).stem
    plain = stem.encode()[:LONGEST_BYTES].decode(errors="ignore") or "photo"
    name = f"{plain}-{hashlib.sha256(os.fsencode(photo)).hexdigest()[:8]}"
    for free in (plain, name):
        if not any(os.path.lexists(folder / f"{free}{ending}") for ending in (DATA, *PICTURES)):
            return free
        if _owner(folder / f"{free}{DATA}") == photo:
            return free
    raise OutputError(f"{folder / name}{DATA}: is there already, and is not of {item.name}")


def is_drawn(folder: Path, item: Item) -> bool:
    """Whether it is one of our pictures in that folder, and no photo."""
    path = Path(identity(item))
    ending = next((ending for ending in PICTURES if path.name.endswith(ending)), None)
    if ending is None or path.parent != Path(os.path.realpath(folder)):
        return False
    return _owner(path.with_name(path.name.removesuffix(ending) + DATA)) is not None


def write_explanation(folder: Path, item: Item, data: Mapping[str, Any], drawn: Mapping[str, Draw]) -> list[Path]:
    """Writes what is known of a photo, the data first, and removes what an earlier run drew and this one does not.

    Args:
        data: ready for JSON.
        drawn: ending (one of `PICTURES`) -> what draws that picture into a file.

    Returns:
        The files.

    Raises:
        OutputError: they cannot be written.
    """
    name = choose_name(folder, item)
    paths = [folder / f"{name}{ending}" for ending in (DATA, *drawn)]
    try:
        content = {"made_by": MARK, "photo": identity(item), **data}
        write_file(paths[0], (json.dumps(content, indent=1) + "\n").encode())
        for path, draw in zip(paths[1:], drawn.values(), strict=True):
            _draw(path, draw)
        for ending in set(PICTURES).difference(drawn):
            (folder / f"{name}{ending}").unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{folder / name}: cannot be written: {error.strerror or error}") from error
    return paths


def _draw(path: Path, draw: Draw) -> None:
    partial = path.with_name(f".partial{path.suffix}")  # the suffix says the format
    try:
        draw(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _owner(path: Path) -> str | None:
    """The photo that our file is of; None for a file that is not ours."""
    with suppress(OSError, ValueError):
        content = json.loads(path.read_bytes())
        if isinstance(content, dict) and content.get("made_by") == MARK:
            return str(content.get("photo"))
    return None
