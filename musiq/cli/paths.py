"""What a user names on the command line -> image files, in a stable order."""

import glob
from collections.abc import Iterable, Iterator
from pathlib import Path

from musiq.image import image_suffixes


def expand(names: Iterable[str], recursive: bool) -> Iterator[Path]:
    """Image files named by files, folders and glob patterns; each once, folders sorted by name.

    A name that matches nothing is given back as it is, so that scoring reports it.
    """
    seen = set()
    for path in (path for name in names for path in _expand_one(name, recursive)):
        if path not in seen:
            seen.add(path)
            yield path


def _expand_one(name: str, recursive: bool) -> Iterator[Path]:
    path = Path(name)
    if path.is_dir():
        yield from _list_folder(path, recursive)
    elif glob.has_magic(name) and not path.exists():
        matches = sorted(glob.glob(name, recursive=recursive))
        for match in matches or [name]:
            yield from _list_folder(Path(match), recursive) if Path(match).is_dir() else [Path(match)]
    else:
        yield path


def _list_folder(folder: Path, recursive: bool) -> list[Path]:
    found = folder.rglob("*") if recursive else folder.iterdir()
    return sorted(path for path in found if path.suffix.lower() in image_suffixes() and not path.is_dir())
