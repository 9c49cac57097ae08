"""The images of a folder, in the order of their names, whatever its size and shape."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from musiq.image import image_suffixes
from musiq.inputs.faults import as_unreadable
from musiq.inputs.item import File, Item, Unreadable, portable


class Chooser(Protocol):
    """What a walk is after in a folder."""

    def choose(self, name: str, is_folder: bool) -> "Chooser | bool":
        """Whether the entry is given; or, for a folder to look into, what is chosen in it."""
        ...


@dataclass(frozen=True)
class Images:
    """Files with an image suffix, of subfolders too where `recursive`."""

    recursive: bool

    def choose(self, name: str, is_folder: bool) -> "Images | bool":
        if is_folder:
            return self if self.recursive else False
        return is_image(name)


def is_image(name: str) -> bool:
    """Whether a name has an image suffix."""
    return os.path.splitext(name)[1].lower() in image_suffixes()  # noqa: PTH122  # pathlib costs more than the rest


def list_folder(folder: str, recursive: bool) -> Iterator[Item]:
    """An item for each image; archives in a folder are not opened."""
    for found in walk(folder, Images(recursive)):
        yield found if isinstance(found, Item) else Item(portable(found), File(found))


def list_parts(folder: str, recursive: bool) -> list[str]:
    """Paths of the Parquet files of a folder that holds such files and no images (nor, where `recursive`, subfolders),
    sorted by name; else none."""
    names = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                is_folder = _is_folder(entry)
                if is_image(entry.name) or (is_folder and recursive):
                    return []
                if not is_folder and entry.name.lower().endswith(".parquet"):
                    names.append(entry.name)
    except OSError:
        return []
    return [os.path.join(folder, name) for name in sorted(names)]  # noqa: PTH118


def walk(folder: str, chooser: Chooser) -> Iterator[str | Item]:
    """Paths of what is chosen, files and folders together by name, depth first; folders that cannot be listed as items.

    Links to folders are followed, but not in circles. The names of a folder and of those above it are in memory.
    """
    top = _enter(str(Path(folder)), chooser, [])
    if isinstance(top, Item):
        yield top
        return
    levels = [top]
    while levels:
        if not levels[-1].names:
            levels.pop()
            continue
        found = levels[-1].next(levels)
        if isinstance(found, _Level):
            levels.append(found)
        else:
            yield found


@dataclass
class _Level:
    """A folder that a walk is in.

    Attributes:
        names: still to come, the next one last.
        choosers: of those that are to be looked into.
    """

    folder: str
    identity: tuple[int, int]
    names: list[str]
    choosers: dict[str, Chooser]

    def next(self, above: "list[_Level]") -> "_Level | str | Item":
        name = self.names.pop()
        path = name if self.folder == "." else os.path.join(self.folder, name)  # noqa: PTH118
        chooser = self.choosers.get(name)
        return path if chooser is None else _enter(path, chooser, above)


def _enter(folder: str, chooser: Chooser, above: list[_Level]) -> _Level | Item:
    try:
        facts = os.stat(folder)  # noqa: PTH116
        level = _Level(folder, (facts.st_dev, facts.st_ino), [], {})
        if level.identity in (other.identity for other in above):
            return Item(portable(folder), Unreadable("symbolic link to a folder above it", "link"))
        _list(level, chooser)
    except OSError as error:
        fault = as_unreadable(error)
        return Item(portable(folder), Unreadable(f"folder cannot be listed: {fault.reason}", fault.kind))
    return level


def _list(level: _Level, chooser: Chooser) -> None:
    with os.scandir(level.folder) as entries:
        for entry in entries:
            choice = chooser.choose(entry.name, _is_folder(entry))
            if choice is not False:
                level.names.append(entry.name)
            if not isinstance(choice, bool):
                level.choosers[entry.name] = choice
    level.names.sort(reverse=True)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False
