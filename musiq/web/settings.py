"""Everything that a server needs to know before it starts, and why its limits are what they are."""

import os
from dataclasses import dataclass
from pathlib import Path

from musiq.checkpoint import Checkpoint
from musiq.decode.limits import Limits
from musiq.image import MAX_PIXELS
from musiq.resize import Profile
from musiq.runtime.choose import Device, RuntimeName
from musiq.runtime.precision import Precision, core_count


@dataclass(frozen=True)
class Settings:
    """Of one server.

    Attributes:
        checkpoint, preprocess, runtime, device, precision, threads, workers, max_memory, max_patches, max_pixels: as
            in `Scorer.load`.
        folder: whose photos are shown and may be scored by name; None serves uploads only.
        store: file that scores, picks and jobs are kept in; None keeps them until the server ends.
        recursive: whether subfolders of the folder are shown.
        start: whether the folder is scored at once.
        host, port: where it listens.
        token: that every request must carry; None asks for none, which is for this machine alone.
        hosts: further names by which the server may be asked.
        upload_bytes: of one request's body.
        file_bytes: of one file that is sent; photos of the folder are bounded by `file_memory`, as in a run.
        file_seconds, file_memory: that reading and decoding one file may take, see `musiq.decode.limits`.
        files_per_request: that may be sent at once.
        uploads_bytes, uploads_count: of all photos that were sent to be shown: they lie on this machine's disk.
        queue_length: images that may wait for a worker; with 256 the last of them waits about half a minute on two
            cores, and what comes then had better ask again.
        request_seconds: until an answer; above what one image may take.
        body_seconds: until a request's body is there.
        jobs_running: at the same time; they share the workers, so more of them finish no sooner.
        jobs_waiting: for their turn.
        shutdown_seconds: that answers in work are given when the server ends.
    """

    checkpoint: str | Path | Checkpoint = "default"
    preprocess: Profile | None = None
    runtime: RuntimeName = "auto"
    device: Device = "cpu"
    precision: Precision = "fp32"
    threads: int | None = None
    workers: int | None = None
    max_memory: int | None = None
    max_patches: int | None = None
    max_pixels: int = MAX_PIXELS

    folder: Path | None = None
    store: Path | None = None
    recursive: bool = True
    start: bool = True

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None
    hosts: tuple[str, ...] = ()

    upload_bytes: int = 256_000_000
    file_bytes: int = 100_000_000
    file_seconds: float = 60.0
    file_memory: int = 4_000_000_000
    files_per_request: int = 64
    uploads_bytes: int = 2_000_000_000
    uploads_count: int = 10_000
    queue_length: int = 256
    request_seconds: float = 120.0
    body_seconds: float = 60.0
    jobs_running: int = 1
    jobs_waiting: int = 16
    shutdown_seconds: float = 10.0

    @property
    def worker_count(self) -> int:
        """Images in work at the same time."""
        return self.workers or self.threads or core_count()

    @property
    def limits(self) -> Limits:
        """Of one file that is scored."""
        return Limits(self.file_seconds, self.file_memory, self.max_pixels)

    @property
    def folder_name(self) -> str | None:
        """What people call the folder: the last part of its path."""
        return None if self.folder is None else os.path.basename(os.path.realpath(self.folder)) or "/"  # noqa: PTH119
