"""The photos that the page shows, those of the folder and those that were sent, and what has changed of them."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from musiq.inputs.item import Stamp
from musiq.rows import Row

Pick = Literal["pick", "reject"]
UPLOADS = "uploads"
SHOWN = (  # columns of a row
    *("score", "interval_low", "interval_high", "percentile", "band"),
    *("width", "height", "bytes", "notes", "kind", "error"),
)
FORGOTTEN = 20_000  # uploads that were removed and are still told of


@dataclass(slots=True)
class Entry:
    """A photo of the album: as little as its picture on the page needs.

    Attributes:
        id: of where it is, the same each time.
        path: as the page calls it.
        upload: whether it was sent.
        stamp: of the file that the score is of, or that waits for one.
        revision: of its last change.
        row: all that is known of an upload; of others the store knows it.
        known: the columns `SHOWN` of its row.
    """

    id: str
    path: str
    upload: bool
    stamp: Stamp | None = None
    revision: int = 0
    pick: Pick | None = None
    removed: bool = False
    row: Row | None = None
    known: tuple[Any, ...] = (None,) * len(SHOWN)

    @property
    def folder(self) -> str:
        return UPLOADS if self.upload else self.path.rpartition("/")[0]

    @property
    def score(self) -> float | None:
        return self.known[0]

    @property
    def band(self) -> str | None:
        return self.known[SHOWN.index("band")]

    @property
    def kind(self) -> str | None:
        return self.known[SHOWN.index("kind")]

    @property
    def error(self) -> str | None:
        return self.known[-1]

    @property
    def state(self) -> Literal["waiting", "scored", "failed"]:
        return "failed" if self.error is not None else "waiting" if self.score is None else "scored"

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "id": self.id,
            "name": self.path.rpartition("/")[2],
            "folder": self.folder,
            "path": self.path,
            "upload": self.upload,
            **dict(zip(SHOWN, self.known, strict=True)),
            "notes": self.known[SHOWN.index("notes")] or (),
            "pick": self.pick,
            "state": self.state,
            "removed": self.removed,
        }


@dataclass(frozen=True)
class Changes:
    """What has changed: photos, the oldest change first, and up to which revision; `more` if there are others."""

    photos: list[dict[str, Any]]
    revision: int
    more: bool
    total: int


class Album:
    """All entries, in the order of their last change; of use to several threads."""

    def __init__(self) -> None:
        self._entries = OrderedDict[str, Entry]()
        self._revision = 0
        self._lock = threading.RLock()
        self._gone = OrderedDict[str, None]()  # uploads that were removed

    def get(self, id: str) -> Entry | None:
        return self._entries.get(id)

    def find(self, path: str) -> Entry | None:
        """The photo of the folder by that path."""
        return self._entries.get(id_of(path))

    def entries(self) -> list[Entry]:
        """All that are there, in no order to rely on."""
        with self._lock:
            return [entry for entry in self._entries.values() if not entry.removed]

    def changed(self, since: int, limit: int) -> Changes:
        """What has changed after a revision."""
        with self._lock:
            late = []
            for entry in reversed(self._entries.values()):
                if entry.revision <= since:
                    break
                late.append(entry)
            late.reverse()
            photos, more = [entry.as_dict() for entry in late[:limit]], len(late) > limit
            revision = late[limit - 1].revision if more else self._revision
            return Changes(photos, revision, more, len(self._entries))

    def add(self, path: str, stamp: Stamp | None, pick: Pick | None = None) -> Entry:
        """A photo of the folder, new or again there; if its file has changed since it was scored, it waits again."""
        with self._lock:
            entry = self._entries.get(id_of(path))
            if entry is None:
                entry = self._entries[id_of(path)] = Entry(id_of(path), path, False, stamp, pick=pick)
            elif entry.removed or entry.stamp != stamp:
                entry.removed, entry.stamp, entry.known = False, stamp, (None,) * len(SHOWN)
            else:
                return entry
            self._touch(entry)
            return entry

    def add_upload(self, name: str, id: str) -> Entry:
        """A photo that was sent."""
        with self._lock:
            entry = self._entries[id] = Entry(id, name, True)
            self._touch(entry)
            return entry

    def note(self, entry: Entry, row: Row, stamp: Stamp | None) -> None:
        """What is now known of a photo."""
        known = tuple(getattr(row, name) for name in SHOWN)
        with self._lock:
            if (known, stamp) != (entry.known, entry.stamp) and not (entry.upload and entry.removed):
                entry.known, entry.stamp = known, stamp
                entry.row = row if entry.upload else None
                self._touch(entry)

    def pick(self, entries: Iterable[Entry], pick: Pick | None) -> list[Entry]:
        """Those whose pick has changed so."""
        with self._lock:
            changed = [entry for entry in entries if entry.pick != pick]
            for entry in changed:
                entry.pick = pick
                self._touch(entry)
            return changed

    def remove(self, entries: Iterable[Entry]) -> list[Entry]:
        """Marks photos as removed; those that were there."""
        with self._lock:
            found = [entry for entry in entries if not entry.removed]
            for entry in found:
                entry.removed, entry.row = True, None
                self._touch(entry)
            self._forget(entry.id for entry in found if entry.upload)
            return found

    def beside(self, entry: Entry, count: int) -> Sequence[Entry]:
        """The photos next to it in its folder by name, so many on each side, itself among them."""
        there = [one for one in self.entries() if (one.upload, one.folder) == (entry.upload, entry.folder)]
        there.sort(key=lambda one: (one.path, one.id))
        at = next((place for place, one in enumerate(there) if one is entry), 0)
        return there[max(0, at - count) : at + count + 1]

    def _touch(self, entry: Entry) -> None:
        self._revision += 1
        entry.revision = self._revision
        self._entries.move_to_end(entry.id)

    def _forget(self, ids: Iterator[str]) -> None:
        self._gone.update(dict.fromkeys(ids))
        while len(self._gone) > FORGOTTEN:
            del self._entries[self._gone.popitem(last=False)[0]]


def id_of(path: str) -> str:
    """The id of a photo of the folder."""
    return hashlib.blake2b(path.encode(), digest_size=8).hexdigest()
