"""A job carried out: a row per photo, kept before the next one, and told to the album."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from musiq.inputs.addresses import suffix_of
from musiq.inputs.item import Item
from musiq.rows import Row
from musiq.runs.engine import Result
from musiq.runs.run import run
from musiq.store.store import Store
from musiq.web.album import Album
from musiq.web.folder import Folder
from musiq.web.job import Job
from musiq.web.scan import Scan
from musiq.web.service import JobCancelledError, Service, outcome
from musiq.web.state import State


@dataclass(frozen=True)
class Desk:
    """What jobs work with."""

    folder: Folder
    album: Album
    service: Service
    store: Store
    state: State
    scan: Scan


def carry_out(job: Job, desk: Desk) -> bool:
    """Works at a job until it is done; False where the server stops before.

    Raises:
        JobCancelledError: it was cancelled.
    """

    def stopped() -> bool:
        return job.cancelled.is_set() or desk.service.workers.stopping

    desk.scan.look(job.paths, job.recursive, stopped)
    engine = _Engine(desk.service, job.cancelled)
    photos = _Photos(job, desk.folder, stopped)
    done = (Row(desk.folder.whole(path)) for path in desk.state.paths(job.id))
    rows = run(photos, engine, done=done, store=desk.store, summary=job.summary, advance=job, count=photos.quick)
    with closing(rows):
        for row in rows:
            _keep(job, desk, row, engine.latest)
    if job.cancelled.is_set():
        raise JobCancelledError
    if desk.service.workers.stopping:
        return False
    job.settle()
    return True


def _keep(job: Job, desk: Desk, row: Row, result: Result) -> None:
    named = shown(row, desk.folder)
    desk.state.add_row(job.id, named, outcome(result))
    if (entry := desk.album.find(named.path)) is not None:
        desk.album.note(entry, named, result.stamp)


def shown(row: Row, folder: Folder) -> Row:
    """The row as clients see it: its path in the folder, and no other one."""
    return replace(row, path=folder.name(row.path), error=None if row.error is None else folder.hide(row.error))


class _Engine:
    """An engine for `run`: the service, which has others to serve first.

    Attributes:
        latest: the result whose row was given last.
    """

    latest: Result

    def __init__(self, service: Service, cancelled: threading.Event) -> None:
        self.scoring = service.scoring
        self._service, self._cancelled = service, cancelled

    def results(self, items: Iterable[Item]) -> Iterator[Result]:
        for result in self._service.batch(items, self._cancelled):
            self.latest = result
            yield result


class _Photos:
    """The items of a job, the same each time, until it is stopped."""

    def __init__(self, job: Job, folder: Folder, stopped: Callable[[], bool]) -> None:
        self._job, self._folder, self._stopped = job, folder, stopped

    def __iter__(self) -> Iterator[Item]:
        return self._folder.items(self._job.paths, self._job.recursive, self._stopped)

    @property
    def quick(self) -> bool:
        """Whether they can be counted without unpacking an archive."""
        return all(suffix_of(path) in (".tar", ".zip") or not self._folder.is_archive(path) for path in self._job.paths)
