"""One batch job: what it is over, how far it is, and how it says so."""

import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from musiq.runs.summary import Summary

JobState = Literal["waiting", "running", "done", "cancelled", "failed"]
LASTING = ("id", "paths", "recursive", "state", "total", "created", "started", "finished", "reason", "first")
RATE_S = 30.0  # that the rate is taken over


@dataclass
class Job:
    """A job.

    Attributes:
        id: 16 hexadecimal digits.
        paths: names in the folder.
        recursive: whether subfolders are looked into.
        state: how it stands.
        total: photos; None until they are counted.
        created, started, finished: UTC, ISO 8601.
        reason: why it failed.
        first: whether the server began it when it started.
        summary: of its rows.
        cancelled: set to cancel it.
        ended: set when nobody works at it any more.
        settled: whether `total` is of its rows; no count, which runs beside it, replaces it then.
    """

    paths: list[str]
    recursive: bool
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    state: JobState = "waiting"
    total: int | None = None
    created: str = field(default_factory=lambda: now())
    started: str | None = None
    finished: str | None = None
    reason: str | None = None
    first: bool = False
    summary: Summary = field(default_factory=Summary)
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    pace: "Pace" = field(default_factory=lambda: Pace())
    settled: bool = False
    counting: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, facts: dict[str, Any], outcomes: Counter[str]) -> "Job":
        """The job that was kept, with the outcomes of the rows that it has."""
        job = cls(**facts)
        job.summary = summary_of(outcomes)
        return job

    @property
    def over(self) -> bool:
        return self.state in ("done", "cancelled", "failed")

    def facts(self) -> dict[str, Any]:
        """What is kept of it; the wish to cancel it as if it were done, so that it does not go on after a restart."""
        facts = {name: getattr(self, name) for name in LASTING}
        if self.cancelled.is_set() and not self.over:
            facts |= {"state": "cancelled", "finished": now()}
        return facts

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        summary = self.summary
        rate = self.pace.rate if self.state == "running" else None
        left = None if self.total is None else max(0, self.total - summary.rows)
        return {
            **{name: getattr(self, name) for name in LASTING if name != "first"},
            "done": summary.rows,
            "scored": summary.scored,
            "known": summary.known,
            "failed": summary.failed,
            "rate": rate,
            "eta_s": left / rate if rate and left is not None else None,
        }

    def expect(self, total: int) -> None:
        """Told how many photos there are; see `musiq.progress.Advance`."""
        with self.counting:
            if not (self.settled or self.over or self.cancelled.is_set()):
                self.total = total

    def settle(self) -> None:
        """Told that each of them has its row."""
        with self.counting:
            self.total, self.settled = self.summary.rows, True

    def __call__(self, text: str) -> None:
        """Told of each photo."""
        self.pace.note(self.summary.rows)


class Pace:
    """How many come in a second, of late."""

    def __init__(self) -> None:
        self._marks = deque[tuple[float, int]]()  # at most two a second

    def note(self, count: int) -> None:
        """So many there are now."""
        moment = time.monotonic()
        if self._marks and moment - self._marks[-1][0] < 0.5:
            return
        self._marks.append((moment, count))
        while len(self._marks) > 2 and moment - self._marks[0][0] > RATE_S:
            self._marks.popleft()

    @property
    def rate(self) -> float | None:
        marks: Sequence[tuple[float, int]] = list(self._marks)
        if len(marks) < 2:
            return None
        (first, before), (last, after) = marks[0], marks[-1]
        return round((after - before) / (last - first), 3)


def summary_of(outcomes: Counter[str]) -> Summary:
    """A summary that goes on from these outcomes."""
    errors = Counter({kind: count for kind, count in outcomes.items() if kind not in ("scored", "known")})
    return Summary(scored=outcomes["scored"], known=outcomes["known"], errors=errors)


def now() -> str:
    """The time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
