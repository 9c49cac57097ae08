"""Which of two images is better, and how sure that is."""

import math
from statistics import NormalDist

from musiq.checkpoint import Checkpoint
from musiq.rows import Row
from musiq.scores import Score

NORMAL = NormalDist()


def deviation(score: Score) -> float | None:
    """The standard deviation of people's rating around a score, if errors are normal: of that width is the interval
    of the score. None where it has no interval."""
    if score.interval is None or score.coverage is None:
        return None
    low, high = score.interval
    return (high - low) / 2 / NORMAL.inv_cdf((1 + score.coverage) / 2)


def chance_better(first: Score, second: Score) -> float | None:
    """The probability that people rate the first image above the second, 0 to 1; None where a score has no interval.

    Errors of the two scores are taken to be normal and independent; `docs/meaning.md` shows how often that is right.
    """
    away = deviation(first), deviation(second)
    if away[0] is None or away[1] is None:
        return None
    better = (first.mos - second.mos) * (1 if first.higher_is_better else -1)
    both = math.hypot(away[0], away[1])
    if both == 0:
        return 0.5 if better == 0 else float(better > 0)
    return NORMAL.cdf(better / both)


def verdict(first: Score, second: Score) -> str:
    """Which of A and B is better, and how sure that is: a sentence for people."""
    apart = abs(first.mos - second.mos)
    if apart == 0:
        return "A and B have the same score."
    chance = chance_better(first, second)
    better, worse = ("A", "B") if (first.mos > second.mos) == first.higher_is_better else ("B", "A")
    found = f"{better} is better by {first.text(apart)}"
    if chance is None:
        return f"{found}; how sure that is, the checkpoint does not know."
    share = 100 * max(chance, 1 - chance)
    percent = "more than 99 %" if share > 99 else f"{share:.0f} %"
    return f"{found}; people would rate it above {worse} with a probability of {percent}."


def as_score(row: Row, checkpoint: Checkpoint) -> Score:
    """The score that a row holds, which must be one of the checkpoint's; without what rows leave out."""
    assert row.score is not None
    ends = row.interval_low, row.interval_high
    return Score(
        mos=row.score,
        distribution=row.distribution,
        uncertainty=None,
        interval=None if ends[0] is None or ends[1] is None else (ends[0], ends[1]),
        coverage=row.coverage,
        percentile=row.percentile,
        band=row.band,
        low=row.low,
        high=row.high,
        higher_is_better=checkpoint.score_range.higher_is_better,
        checkpoint=row.checkpoint or checkpoint.name,
        weights=checkpoint.id,
        preprocess=row.preprocess or checkpoint.preprocess,
        height=row.height or 0,
        width=row.width or 0,
        notes=row.notes,
        training_data=checkpoint.training_data,
        population=None if checkpoint.population is None else checkpoint.population.name,
    )
