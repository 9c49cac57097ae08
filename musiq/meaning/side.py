"""One side of a comparison: the scores of what was named, and what they are called below it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from musiq.inputs.item import portable
from musiq.rows import Row


@dataclass
class Side:
    """Scores by path, None for what failed. Takes about 200 bytes an image.

    Attributes:
        given: what was named: a folder, an archive, an image...
        scores: by path.
        row: the last one.
        failures: paths and reasons.
    """

    given: str
    scores: dict[str, float | None] = field(default_factory=dict)
    row: Row | None = None
    failures: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, given: str, rows: Iterable[Row]) -> "Side":
        """That of the rows."""
        side = cls(given)
        for row in rows:
            side.row = row
            side.scores[row.path] = row.score
            if row.score is None:
                side.failures.append(f"{row.path}: {row.error}")
        return side

    @property
    def found(self) -> list[float]:
        """All scores."""
        return [score for score in self.scores.values() if score is not None]

    def by_name(self) -> dict[str, float | None]:
        """Scores by the name below what was named; empty where the images have none."""
        names = [relative_name(path, self.given) for path in self.scores]
        if None in names:
            return {}
        return {name: score for name, score in zip(names, self.scores.values(), strict=True) if name is not None}


def relative_name(path: str, given: str) -> str | None:
    """Name of an image below the folder or archive that was given; None for other inputs, and for rows of a table."""
    base = portable(str(Path(given)))
    if base == "." and not path.startswith("/"):
        return path
    rest = path[len(base) + 1 :]
    if path[: len(base)] != base or path[len(base) : len(base) + 1] not in ("/", "!") or not rest:
        return None
    return None if rest.rpartition("/")[2].isdecimal() else rest


def match(first: Side, second: Side) -> tuple[list[tuple[float, float]], int]:
    """The pairs of scores of one name, where both sides hold the same names; and how many names both hold."""
    ours, theirs = first.by_name(), second.by_name()
    shared = len(ours.keys() & theirs.keys())
    if ours.keys() != theirs.keys():
        return [], shared
    pairs = [(ours[name], theirs[name]) for name in ours]
    return [(a, b) for a, b in pairs if a is not None and b is not None], shared
