"""The parts of a running server: opened in order, and ended in order."""

import secrets
import threading
import time
from collections.abc import Hashable
from contextlib import ExitStack

import numpy as np
from starlette.requests import Request

from musiq.decode.pool import IDLE_BYTES, Decoders
from musiq.image import load_image
from musiq.rows import Row
from musiq.runs.local import LocalEngine
from musiq.scorer import Scorer
from musiq.store.store import Store
from musiq.web.album import Album, Entry
from musiq.web.carry_out import Desk, shown
from musiq.web.folder import Folder
from musiq.web.jobs import Jobs
from musiq.web.maps import MapMaker
from musiq.web.previews import Previews
from musiq.web.scan import Scan
from musiq.web.service import Service
from musiq.web.settings import Settings
from musiq.web.sources import Inside, Sent
from musiq.web.state import State, served_alone
from musiq.web.temporary import own_folder
from musiq.web.uploads import Uploads
from musiq.web.workers import Workers


class Parts:
    """Everything that requests are answered with.

    Raises:
        MusiqError, ValueError: something of the settings cannot be had; nothing stays open.

    Attributes:
        instance: changes with each start.
        folder, jobs: None where no folder is served.
        picking: held while a pick is kept and shown.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.instance = secrets.token_hex(8)
        self.picking = threading.Lock()
        with ExitStack() as stack:
            self._open_scorer(stack)
            self._open_store(stack)
            self._open_service(stack)
            self._open_folder()
            self._stack = stack.pop_all()

    @property
    def stopping(self) -> bool:
        return self.workers.stopping

    def stop(self) -> None:
        """Takes no more work; what is in work is finished."""
        for workers in (self.workers, self.previews.workers, self.maps.workers):
            workers.stop()
        if self.jobs is not None:
            self.jobs.stop()

    def close(self) -> None:
        """Ends everything; answers in work are given a while."""
        self.stop()
        deadline = time.monotonic() + self.settings.shutdown_seconds
        if self.jobs is not None:
            self.jobs.close(self.settings.shutdown_seconds)
        self.workers.close(max(0.1, deadline - time.monotonic()))
        self._stack.close()

    def source(self, entry: Entry) -> Inside | Sent:
        """Where a photo's bytes are."""
        if entry.upload:
            return self.uploads.source(entry.id)
        assert self.folder is not None  # whose photo it is
        return self.folder.source(entry.path)

    def identity(self, entry: Entry) -> Hashable:
        """What tells the photo, and its content now, from others."""
        return entry.id, self.source(entry).stamp()

    def row(self, entry: Entry) -> Row | None:
        """All that is known of a photo; None while it waits."""
        if entry.upload or entry.state == "waiting" or self.folder is None:
            return entry.row
        row = self.store.known(self.folder.whole(entry.path), entry.stamp, self.service.scoring)
        if row is None:  # a link that leads elsewhere; or another process has taken it out of the store
            return Row(entry.path, score=entry.score, kind=entry.kind, error=entry.error)
        return shown(row, self.folder)

    def _open_scorer(self, stack: ExitStack) -> None:
        settings = self.settings
        self.decoders = stack.enter_context(Decoders(settings.limits, ready=1))  # it starts while the network is loaded
        self.scorer = Scorer.load(
            settings.checkpoint,
            preprocess=settings.preprocess,
            runtime=settings.runtime,
            device=settings.device,
            precision=settings.precision,
            threads=settings.threads,
            workers=settings.workers,
            max_pixels=settings.max_pixels,
            max_memory=settings.max_memory,
            max_patches=settings.max_patches,
            beside=settings.worker_count * IDLE_BYTES,
        )
        first = np.zeros((64, 64, 3), np.uint8)
        self.scorer.score_beside(first, lambda image, admit: load_image(image, admit=admit))  # loads what is left

    def _open_store(self, stack: ExitStack) -> None:
        own = stack.enter_context(own_folder())
        (own / "uploads").mkdir()
        path = self.settings.store or own / "store.sqlite"
        folder = self.settings.folder
        self.folder = None if folder is None else Folder(folder)
        if self.folder is not None:
            stack.enter_context(served_alone(path, self.folder.prefix))
        self.store = stack.enter_context(Store(path))
        self.state = State(path, "" if self.folder is None else self.folder.prefix)
        stack.callback(self.state.close)
        self.uploads = Uploads(own / "uploads", self.settings.uploads_bytes, self.settings.uploads_count)

    def _open_service(self, stack: ExitStack) -> None:
        settings = self.settings
        self.workers = Workers("musiq-worker", settings.worker_count, settings.queue_length)
        stack.callback(self.workers.close, 0.0)
        self.service = Service(LocalEngine(self.scorer, self.decoders, self.store), self.workers)
        self.maps = MapMaker(self.scorer, self.decoders)
        stack.callback(self.maps.workers.close, 0.0)
        self.previews = Previews(settings.limits)
        stack.callback(self.previews.close, 0.0)

    def _open_folder(self) -> None:
        self.album, self.jobs = Album(), None
        if self.folder is None:
            return
        scan = Scan(self.folder, self.album, self.store, self.state, self.service.scoring)
        desk = Desk(self.folder, self.album, self.service, self.store, self.state, scan)
        self.jobs = Jobs(desk, self.settings.jobs_running, self.settings.jobs_waiting)
        self.jobs.start(self.settings.start, self.settings.recursive)


def parts_of(request: Request) -> Parts:
    """The parts of the server that was asked."""
    parts: Parts = request.app.state.parts
    return parts
