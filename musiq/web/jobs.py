"""Batch jobs over the served folder: in the background, in turn, going on after a restart."""

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Sequence

from musiq.errors import MusiqError, StoreError
from musiq.web.carry_out import Desk, carry_out
from musiq.web.folder import Folder
from musiq.web.guard.errors import QueueFull, Refusal, ShuttingDown
from musiq.web.job import Job, JobState, now
from musiq.web.service import JobCancelledError
from musiq.web.state import Facts, State

ALL = ["."]
KEPT = 20  # jobs that have ended, and their rows
_log = logging.getLogger("musiq.web")


class Jobs:
    """All jobs of a folder, and the threads that carry them out.

    Args:
        desk: what they work with.
        running: how many are carried out at once.
        waiting: how many may wait for their turn.
    """

    def __init__(self, desk: Desk, running: int, waiting: int) -> None:
        self._desk, self._most = desk, waiting
        self._jobs = {facts["id"]: _restored(desk.state, facts) for facts in desk.state.jobs()}
        self._unsaved = dict[str, Job]()  # the store could not be written
        self._changed = threading.Condition()
        self._stopping, self._recursive = False, True
        works = [self._begin, *[self._work] * (running - 1)]
        self._threads = [threading.Thread(target=work, name="musiq-job", daemon=True) for work in works]

    def start(self, score: bool, recursive: bool) -> None:
        """Begins to work: the whole folder is shown, and scored where `score`, in a job of its own if none goes on."""
        self._recursive = recursive
        unfinished = [job for job in self.all() if not job.over]
        if score and not any((job.paths, job.recursive) == (ALL, recursive) for job in unfinished):
            self._drop([job for job in self.all() if job.over and job.first])
            self._add(Job(ALL, recursive, first=True))
        self._threads[0].start()

    def all(self) -> list[Job]:
        """The newest first."""
        with self._changed:
            return list(self._jobs.values())[::-1]

    def get(self, id: str) -> Job | None:
        return self._jobs.get(id)

    def counts(self) -> Counter[str]:
        """How many are in each state."""
        return Counter(job.state for job in self.all())

    def add(self, paths: Sequence[str], recursive: bool) -> Job:
        """A new job, which waits for its turn.

        Raises:
            QueueFull, ShuttingDown: it was not taken.
        """
        with self._changed:
            if self._stopping:
                raise ShuttingDown
            counts = self.counts()
            if counts["waiting"] >= self._most + len(self._threads) - counts["running"]:
                raise QueueFull(f"{self._most} jobs wait, which is the limit")
            return self._add(Job(list(paths), recursive))

    def cancel(self, job: Job) -> None:
        """Begins to end a job; what it has scored stays. Its event `ended` tells when it is at its end.

        Raises:
            Refusal: it has ended.
        """
        with self._changed:
            if job.over:
                raise Refusal(409, "conflict", f"the job has ended ({job.state})")
            job.cancelled.set()
            if job.state == "waiting":
                self._end(job, "cancelled")
            else:
                self._save(job)

    def stop(self) -> None:
        """No job is begun any more; those that run end with the images in work, and go on at the next start."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def close(self, seconds: float) -> None:
        """Waits for the threads."""
        self.stop()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(seconds)
        with self._changed:
            self._save()

    def _add(self, job: Job) -> Job:
        with self._changed:
            self._drop([job for job in self.all() if job.over][KEPT - 1 :])
            self._desk.state.put_job(job.facts())
            self._jobs[job.id] = job
            self._changed.notify()
            return job

    def _drop(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            self._jobs.pop(job.id)
            self._unsaved.pop(job.id, None)
            self._desk.state.drop_job(job.id)

    def _begin(self) -> None:
        try:
            self._desk.scan.look(ALL, self._recursive, lambda: self._stopping)
        except Exception:  # jobs may do better
            _log.exception("the folder cannot be shown")
        for thread in self._threads[1:]:
            thread.start()
        self._work()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                if carry_out(job, self._desk):
                    self._end(job, "done")
            except JobCancelledError:
                self._end(job, "cancelled")
            except ShuttingDown:
                pass
            except Exception as error:  # the next job may do better
                if not self._stopping:  # else it is the server's end that took something away
                    _log.exception("job %s failed", job.id)
                    self._end(job, "failed", _reason(error, self._desk.folder))
            finally:
                job.ended.set()

    def _next(self) -> Job | None:
        """The job whose turn it is; None when the server stops."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._unbegun())
            if self._stopping:
                return None
            job = self._unbegun()[0]
            job.state, job.started = "running", job.started or now()
            self._save(job)
            return job

    def _unbegun(self) -> list[Job]:
        return [job for job in self._jobs.values() if job.state == "waiting"]

    def _end(self, job: Job, state: JobState, reason: str | None = None) -> None:
        with self._changed:
            job.state, job.finished, job.reason = state, now(), reason
            self._save(job)
            job.ended.set()

    def _save(self, *jobs: Job) -> None:
        """Keeps how jobs stand, and others that could not be kept before: a full disk ends no thread."""
        self._unsaved |= {job.id: job for job in jobs}
        try:
            for job in list(self._unsaved.values()):
                self._desk.state.put_job(job.facts())
                del self._unsaved[job.id]
        except StoreError:
            _log.exception("jobs cannot be kept")


def _restored(state: State, facts: Facts) -> Job:
    """A job that was kept; one that was running waits to go on."""
    job = Job.of(facts, state.outcomes(facts["id"]))
    if job.state == "running":
        job.state = "waiting"
    return job


def _reason(error: Exception, folder: Folder) -> str:
    """Why a job failed, without the names of folders that are not served."""
    if isinstance(error, StoreError):
        return "the file that scores are kept in cannot be read or written"
    return folder.hide(str(error)) if isinstance(error, MusiqError) else "an error of the server"
