"""What came out of a run, in memory that does not grow with it."""

import heapq
import time
from collections import Counter
from dataclasses import dataclass, field

from musiq.changed import Names
from musiq.progress import printable
from musiq.rows import Row
from musiq.runs.engine import Result

EXTREMES = 3  # best and worst images that are named
BINS = 10  # of the histogram
BARS = " ▁▂▃▄▅▆▇█"


@dataclass
class Summary:
    """Counts of one run.

    Attributes:
        low, high: ends of the rating scale; None where the checkpoint does not say, and then there is no histogram.
        meaning: what the numbers are, in lines for people.
        skipped: images that have a row, or were named twice.
        failed_before: those of them whose row has an error.
        changed: those of them whose files are no longer what their rows were made of.
    """

    low: float | None = None
    high: float | None = None
    higher_is_better: bool = True
    meaning: str = ""
    scored: int = 0
    known: int = 0
    skipped: int = 0
    failed_before: int = 0
    changed: Names = field(default_factory=Names)
    errors: Counter[str] = field(default_factory=Counter)
    total: float = 0.0
    histogram: list[int] = field(default_factory=lambda: [0] * BINS)
    highest: list[tuple[float, str]] = field(default_factory=list)
    lowest: list[tuple[float, str]] = field(default_factory=list)  # with their scores negated
    started: float = field(default_factory=time.monotonic)

    @property
    def failed(self) -> int:
        return self.errors.total()

    @property
    def rows(self) -> int:
        return self.scored + self.known + self.failed

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def best(self) -> list[tuple[float, str]]:
        """The best images with their scores, the best first."""
        return self._extremes(self.higher_is_better)

    @property
    def worst(self) -> list[tuple[float, str]]:
        """The worst images with their scores, the worst first."""
        return self._extremes(not self.higher_is_better)

    def _extremes(self, high: bool) -> list[tuple[float, str]]:
        if high:
            return sorted(self.highest, reverse=True)
        return [(-score, path) for score, path in sorted(self.lowest, reverse=True)]

    def add(self, result: Result) -> None:
        """Counts one more."""
        row = result.row
        if row.score is None:
            self.errors[row.kind or "damaged"] += 1
            return
        self.known += result.known is not None
        self.scored += result.known is None
        self._add_score(row, row.score)

    def _add_score(self, row: Row, score: float) -> None:
        self.total += score
        _keep(self.highest, (score, row.path))
        _keep(self.lowest, (-score, row.path))
        if self.low is not None and self.high is not None:
            place = int((score - self.low) / (self.high - self.low) * BINS)
            self.histogram[min(max(place, 0), BINS - 1)] += 1

    def as_dict(self) -> dict[str, object]:
        """Plain data, ready for JSON."""
        return {
            "rows": self.rows,
            "scored": self.scored,
            "known": self.known,
            "skipped": self.skipped,
            "failed_before": self.failed_before,
            "changed": self.changed.count,
            "failed": self.failed,
            "errors": dict(self.errors.most_common()),
            "seconds": round(self.seconds, 3),
            "mean": self.total / (self.scored + self.known) if self.scored + self.known else None,
            "histogram": self.histogram if self.low is not None and self.high is not None else None,
            "best": self.best,
            "worst": self.worst,
        }

    def lines(self) -> list[str]:
        """For people: counts and rate, the scores, the errors by kind."""
        lines = [self._counts()]
        if self.scored + self.known:
            lines += [f"of these {self.scored + self.known:,} alone, without what was skipped:"] if self.skipped else []
            lines.append(self._scores())
            lines += self.meaning_lines()
            lines += [f"best    {score:8.2f}  {printable(path)}" for score, path in self.best]
            lines += [f"worst   {score:8.2f}  {printable(path)}" for score, path in self.worst]
        if self.errors:
            lines.append("failed  " + ", ".join(f"{kind} {count:,}" for kind, count in self.errors.most_common()))
        return lines

    def warnings(self) -> list[str]:
        """What is amiss with the images that were skipped."""
        lines = list[str]()
        if self.failed_before:
            lines.append(
                f"{self.failed_before:,} of the skipped failed in an earlier run and were not tried again; "
                "--retry-errors does"
            )
        if self.changed.count:
            lines.append(
                f"{self.changed.count:,} of the skipped have changed since they were scored ({self.changed}) and keep "
                "their old rows; --overwrite scores all anew, and with --store only what the store does not know"
            )
        return lines

    def meaning_lines(self) -> list[str]:
        """What the scores are, if there are some."""
        if not self.meaning or not self.scored + self.known:
            return []
        first, *others = self.meaning.splitlines()
        return [f"scale   {printable(first)}", *(f"        {printable(line)}" for line in others)]

    def _counts(self) -> str:
        parts = [f"{self.scored:,} scored"]
        parts += [f"{self.known:,} known to the store"] if self.known else []
        parts += [f"{self.failed:,} failed"] if self.failed else []
        parts += [f"{self.skipped:,} skipped (already in the results)"] if self.skipped else []
        rate = self.rows / max(self.seconds, 1e-9)
        return f"{', '.join(parts)}; {self.seconds:.1f} s, {rate:.1f} a second"

    def _scores(self) -> str:
        mean = self.total / (self.scored + self.known)
        if self.low is None or self.high is None:
            return f"scores  mean {mean:.2f}"
        most = max(self.histogram)
        bars = "".join(BARS[-(-count * (len(BARS) - 1) // most)] for count in self.histogram)
        return f"scores  mean {mean:.2f}, {self.low:g} |{bars}| {self.high:g}"


def _keep(heap: list[tuple[float, str]], entry: tuple[float, str]) -> None:
    """Keeps the largest few entries."""
    (heapq.heappush if len(heap) < EXTREMES else heapq.heappushpop)(heap, entry)
