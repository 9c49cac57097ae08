"""The album brought up to date with the folder: new photos, changed ones, and those that are gone."""

import os
from collections.abc import Callable, Sequence
from pathlib import PurePath

from musiq.inputs.folder import is_image
from musiq.inputs.item import Item, Unreadable
from musiq.rows import Row, Scoring
from musiq.store.store import Store
from musiq.web.album import Album, Entry
from musiq.web.folder import Folder
from musiq.web.sources import Inside
from musiq.web.state import State


class Scan:
    """Looks through the folder; scores of unchanged files are taken from the store at once."""

    def __init__(self, folder: Folder, album: Album, store: Store, state: State, scoring: Scoring) -> None:
        self._folder, self._album, self._store, self._scoring = folder, album, store, scoring
        self._picks = state.picks(folder.prefix)

    def look(self, names: Sequence[str], recursive: bool, stopped: Callable[[], bool]) -> None:
        """Brings the album up to date with what is there by these names, unless it is stopped."""
        there = set[str]()
        files = [name for name in names if not self._folder.is_archive(name)]  # whose members are rows of a job alone
        for item in self._folder.items(files, recursive):
            if stopped():
                return
            if _is_shown(item):
                there.add(self._add(item).id)
        looked_at = frozenset(names)
        missed = (one for one in self._album.entries() if not one.upload and one.id not in there)
        self._album.remove(one for one in missed if not looked_at.isdisjoint(_finders(one.path, recursive)))

    def _add(self, item: Item) -> Entry:
        name, stamp = self._folder.name(item.name), item.source.stamp()
        entry = self._album.add(name, stamp, self._picks.get(name))
        if entry.state == "waiting":
            if isinstance(item.source, Unreadable):
                self._album.note(entry, Row(name, kind=item.source.kind, error=item.source.reason), None)
            elif row := self._store.known(item.name, stamp, self._scoring):
                self._album.note(entry, row, stamp)
        return entry


def _is_shown(item: Item) -> bool:
    """Whether it is a photo, or something in its place; a job may name what is neither."""
    if isinstance(item.source, Inside):
        return is_image(item.name) and os.path.lexists(item.source.path)
    return True


def _finders(path: str, recursive: bool) -> list[str]:
    """The names at which a look finds the photo, if it is there: its own, and those of folders."""
    folders = [str(folder) for folder in PurePath(path).parents]  # the last of them is "."
    return [path, *(folders if recursive else folders[:1])]
