"""Rows of a store: in the order of their scores, or of their paths. All are streamed."""

import math
from collections.abc import Iterator

from musiq.rows import Row, Scoring
from musiq.store.schema import SCORING
from musiq.store.store import Store, failure_row, score_row

COUNT = f"""
SELECT count(*) FROM files INDEXED BY by_content CROSS JOIN scores USING (content) WHERE scoring = {SCORING}
"""
BY_SCORE = f"""
SELECT path, hash, score, rest FROM scores INDEXED BY by_score CROSS JOIN files INDEXED BY by_content USING (content)
CROSS JOIN contents ON contents.id = content
WHERE scoring = {SCORING} AND score BETWEEN :lowest AND :highest
ORDER BY score {{order}}, path LIMIT :count OFFSET :offset
"""
BY_PATH = f"""
SELECT path, hash, score, rest FROM files CROSS JOIN scores USING (content) CROSS JOIN contents ON contents.id = content
WHERE scoring = {SCORING} ORDER BY path
"""
FAILURES = f"SELECT path, kind, reason, rest FROM failures WHERE scoring = {SCORING} ORDER BY path"


def by_percentile(
    store: Store, scoring: Scoring, lowest: float = 0, highest: float = 100, best_first: bool = True
) -> Iterator[Row]:
    """Rows between two percentiles of the store's own scores of a scoring; equal scores in the order of their paths.

    The percentiles are of files: an image that lies there twice counts twice, and one whose files are forgotten not at
    all. A file that lies only partly in the range is in it: the best 1 % of 50 files is one.

    Args:
        lowest, highest: 0 the worst to 100 the best; the best tenth is 90 to 100.

    Raises:
        ValueError: no such range.
    """
    if not 0 <= lowest < highest <= 100:
        raise ValueError(f"percentiles {lowest:g} to {highest:g}: needs 0 <= lowest < highest <= 100")
    total = next(store.read(COUNT, vars(scoring)))[0]
    first = math.floor(round(total * lowest / 100, 6))  # rounded: 1000 * 16.1 / 100 is more than 161
    last = math.ceil(round(total * highest / 100, 6))
    skipped = total - last if best_first else first
    return _by_score(store, scoring, best_first=best_first, skipped=skipped, count=last - first)


def by_score(
    store: Store,
    scoring: Scoring,
    lowest: float | None = None,
    highest: float | None = None,
    best_first: bool = True,
) -> Iterator[Row]:
    """Rows whose score lies between two, these included; equal scores in the order of their paths.

    Raises:
        ValueError: no such range.
    """
    low, high = -math.inf if lowest is None else lowest, math.inf if highest is None else highest
    if not low <= high:
        raise ValueError(f"scores {low:g} to {high:g}: the first must not be above the second")
    return _by_score(store, scoring, low, high, best_first)


def _by_score(
    store: Store,
    scoring: Scoring,
    lowest: float = -math.inf,
    highest: float = math.inf,
    best_first: bool = True,
    skipped: int = 0,
    count: int = -1,
) -> Iterator[Row]:
    question = BY_SCORE.format(order="DESC" if best_first else "ASC")
    part = {"lowest": lowest, "highest": highest, "offset": skipped, "count": count}
    for path, *rest in store.read(question, {**vars(scoring), **part}):
        yield score_row(path, scoring, *rest)


def by_path(store: Store, scoring: Scoring) -> Iterator[Row]:
    """All rows with a score, a row per path."""
    for path, *rest in store.read(BY_PATH, vars(scoring)):
        yield score_row(path, scoring, *rest)


def failures(store: Store, scoring: Scoring) -> Iterator[Row]:
    """All rows without a score, in the order of their paths."""
    for path, *rest in store.read(FAILURES, vars(scoring)):
        yield failure_row(path, scoring, *rest)
