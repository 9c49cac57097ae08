"""The served folder: what lies in it may be asked for by name, and nothing that lies elsewhere, links included."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from musiq.errors import InputError
from musiq.inputs.addresses import suffix_of
from musiq.inputs.faults import guarded
from musiq.inputs.folder import is_image, walk
from musiq.inputs.item import Item, Unreadable, portable, real_path
from musiq.inputs.members import Streamed
from musiq.inputs.tar import TAR_SUFFIXES, tar_items
from musiq.inputs.zip import zip_items
from musiq.web.sources import OUTSIDE, Inside, InsideArchive, lies_inside
from musiq.web.watched import WatchedArchive

MOST_HELD = 100_000_000  # bytes of a member that is read in passing, and held until it is scored


class Folder:
    """A folder and the names below it.

    A photo is called by its path in the folder, `2024/a.jpg`. Runs and the store call it by its whole path, as `musiq
    score` does, so that folders share a store. Whole names are made by `whole` alone: each part is made text by itself.

    Raises:
        InputError: it is no folder.
    """

    def __init__(self, path: Path) -> None:
        if not Path(path).is_dir():
            raise InputError(f"{path}: no such folder")
        self.root = os.path.realpath(path)
        self.prefix = portable(self.root).rstrip(os.sep) + os.sep

    def whole(self, name: str) -> str:
        """What runs and the store call the photo."""
        return self.prefix + name

    def name(self, whole: str) -> str:
        """What this folder calls it."""
        return "." if whole + os.sep == self.prefix else whole.removeprefix(self.prefix)

    def hide(self, text: str) -> str:
        """The text without the path of this folder, nor as it is quoted."""
        if self.prefix != os.sep:
            for prefix in (self.prefix.replace("\\", "\\\\"), self.prefix):
                text = text.replace(prefix, "").replace(prefix[:-1], ".")
        return text

    def path(self, name: str) -> str:
        """Where something is."""
        path = os.path.join(self.root, name)  # noqa: PTH118
        if name == "." or os.path.lexists(path):
            return self.root if name == "." else path
        return os.path.join(self.root, real_path("\0" + name)[1:])  # noqa: PTH118  # NUL: not where the server runs

    def source(self, name: str) -> Inside:
        """Where a photo's bytes are."""
        return Inside(self.path(name), self.root)

    def item(self, name: str) -> Item:
        """A photo, called by its whole path."""
        return Item(self.whole(name), self.source(name))

    def is_archive(self, name: str) -> bool:
        """Whether it is the name of a tar or zip archive."""
        return suffix_of(name) in (*TAR_SUFFIXES, ".zip") and os.path.isfile(self.path(name))  # noqa: PTH113

    def items(
        self, names: Iterable[str], recursive: bool, stopped: Callable[[], bool] = lambda: False
    ) -> Iterator[Item]:
        """The photos of folders and archives, and each other file by its name; `.` is the folder itself.

        Args:
            names: as `check_name` gives them.
            recursive: whether subfolders are looked into.
            stopped: asked all the time, also within archives; then there are no more.
        """
        for name in names:
            for item in self._found(name, recursive, stopped):
                if stopped():  # what a reader was stopped at is no fault of the archive
                    return
                yield item

    def _found(self, name: str, recursive: bool, stopped: Callable[[], bool]) -> Iterator[Item]:
        path = self.path(name)
        if not lies_inside(path, self.root):
            yield Item(self._called(path), Unreadable(OUTSIDE, "link"))
        elif os.path.isdir(path):  # noqa: PTH112  # pathlib raises where it may not look
            yield from self._photos(path, recursive)
        elif self.is_archive(name):
            yield from self._members(path, stopped)
        else:
            yield self._item(path)

    def _called(self, path: str) -> str:
        """The whole name of what is at a path."""
        name = self._below(path)
        return self.whole(portable(name)) if name else self.prefix.removesuffix(os.sep)

    def _below(self, path: str) -> str:
        return path.removeprefix(self.root).lstrip(os.sep)

    def _photos(self, path: str, recursive: bool) -> Iterator[Item]:
        for found in walk(path, _Within(path, self.root, recursive)):
            if isinstance(found, Item):  # a folder that cannot be listed
                yield Item(self._called(real_path(found.name)), found.source)
            else:
                yield self._item(found)

    def _item(self, path: str) -> Item:
        outside = os.path.islink(path) and not lies_inside(path, self.root)  # noqa: PTH114  # of many
        return Item(self._called(path), Unreadable(OUTSIDE, "link") if outside else Inside(path, self.root))

    def _members(self, path: str, stopped: Callable[[], bool]) -> Iterator[Item]:
        """Of an archive, which is called by its path in the folder while it is read."""
        name = self._below(path)
        for item in guarded(name, self._open(name, path, stopped)):
            large = isinstance(item.source, Streamed) and item.source.size > MOST_HELD
            source = Unreadable(f"more than {MOST_HELD:,} bytes in a compressed archive", "too-large")
            yield Item(self.whole(item.name), source if large else item.source)

    def _open(self, name: str, path: str, stopped: Callable[[], bool]) -> Iterator[Item]:
        archive = WatchedArchive(name, InsideArchive.at(Inside(path, self.root)), stopped)
        yield from (zip_items if suffix_of(path) == ".zip" else tar_items)(name, archive)


@dataclass(frozen=True)
class _Within:
    """Images of a folder, and of its subfolders where `recursive`; of links that lead elsewhere only their names."""

    folder: str
    root: str
    recursive: bool

    def choose(self, name: str, is_folder: bool) -> "_Within | bool":
        if not is_folder:
            return is_image(name)
        path = os.path.join(self.folder, name)  # noqa: PTH118
        if os.path.islink(path) and not lies_inside(path, self.root):  # noqa: PTH114
            return self.recursive
        return _Within(path, self.root, True) if self.recursive else False


def check_name(name: str) -> str:
    """A client's name of something in the folder, without double and closing slashes.

    Raises:
        InputError: it is none: empty, absolute, an address, with `..` or a NUL character.
    """
    shown = name if len(name) <= 100 else name[:100] + "..."
    if not name or "\0" in name:
        raise InputError("a name must not be empty, nor hold a NUL character")
    if "://" in name or name.lower().startswith("file:"):
        raise InputError(f"{shown!r}: an address; only names in the served folder can be scored")
    if os.path.isabs(name) or os.path.splitdrive(name)[0]:  # noqa: PTH117
        raise InputError(f"{shown!r}: an absolute path; names are relative to the served folder")
    if ".." in Path(name).parts:
        raise InputError(f"{shown!r}: names must not hold '..'")
    return str(Path(name))
