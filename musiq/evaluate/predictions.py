"""Checkpoint and rated images -> predictions.csv and its facts -> figures."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musiq import __version__
from musiq.data.record import DataSet, Record
from musiq.data.seen import NearPair, find_seen, read_seen
from musiq.errors import DataError, ImageError
from musiq.evaluate.coverage import Coverage, measure_coverage
from musiq.evaluate.figures import Figures, measure
from musiq.evaluate.files import Predictions, check_writable, write_predictions
from musiq.progress import progress_bar
from musiq.scorer import Scorer
from musiq.scores import RATINGS, Score, ScoreRange


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        predictions: what was written.
        records: the images, in the order of the predictions.
        figures: over all of them.
        seen: images that are near-duplicates of training images; None when that was not checked.
        unseen_figures: over the others; None when all are unseen, or too few are, or it was not checked.
    """

    predictions: Predictions
    records: tuple[Record, ...]
    figures: Figures
    seen: tuple[NearPair, ...] | None
    unseen_figures: Figures | None


def evaluate_checkpoint(
    scorer: Scorer,
    data: DataSet,
    splits: tuple[str, ...] = (),
    out: Path = Path("predictions.csv"),
    *,
    split_seed: int | None = None,
    resamples: int = 1000,
    check_seen: bool = True,
    workers: int = 0,
) -> Evaluation:
    """Scores every rated image, compares, and writes `out` and the facts beside it.

    Ratings are mapped from the data set's scale onto the checkpoint's, where both are known.

    Args:
        splits: only images whose `split` is one of these; empty for all.
        out: CSV to write, with the columns image, mos, score, and p1..p10 for ten outputs, and uncertainty,
            interval_low and interval_high where the checkpoint gives them.
        split_seed: of the data set's splits, for the facts; None when they are the authors' own.
        resamples: of the bootstrap intervals; 0 for none.
        check_seen: whether to look for near-duplicates of the checkpoint's training images, if it lists them.
        workers: processes that look.

    Raises:
        DataError: a rated image cannot be read, for a figure over some of them would not be the figure asked for.
    """
    check_writable(out)
    records = rated_records(data, splits)
    seen = _find_seen(scorer, records, workers) if check_seen else None
    rated = map_ratings(records, data, scorer.checkpoint.score_range)
    results = list(_score(scorer, records))
    predicted = np.array([result.mos for result in results])
    unseen = _unseen(records, seen)

    def figures(part: NDArray[np.bool_]) -> Figures:
        ten = scorer.checkpoint.model.outputs == len(RATINGS) and scorer.checkpoint.own_scale is None
        chosen = [result for result, wanted in zip(results, part, strict=True) if wanted]
        return measure(
            predicted[part],
            rated[part],
            classes=ten,
            coverage=_measure_coverage(chosen, rated[part]),
            resamples=resamples,
        )

    overall = figures(np.ones(len(records), bool))
    others = figures(unseen) if seen and unseen.sum() >= 2 else None
    facts = _facts(scorer, data, splits, split_seed) | _measured(overall, seen, others)
    predictions = Predictions(out, tuple(record.name for record in records), rated, predicted, facts)
    write_predictions(predictions, [_columns(result) for result in results])
    return Evaluation(predictions, records, overall, seen, others)


def rated_records(data: DataSet, splits: tuple[str, ...]) -> tuple[Record, ...]:
    """The set's rated images of these splits (all if empty), at least 2 or a `DataError`."""
    rated = [record for record in data.records if math.isfinite(record.mos)]
    records = tuple(record for record in rated if not splits or record.split in splits)
    if len(records) < 2:
        which = f" of split {', '.join(splits)}" if splits else ""
        there = ", ".join(sorted({repr(record.split) for record in rated})) or "none"
        raise DataError(f"{data.name}: {len(records)} rated images{which}; needs at least 2 (splits there: {there})")
    return records


def map_ratings(records: Sequence[Record], data: DataSet, score: ScoreRange) -> NDArray[np.float64]:
    """Ratings `(N,)` on the checkpoint's scale, or as they are where a scale is unknown."""
    rated = np.array([record.mos for record in records], np.float64)
    if score.low is None or score.high is None or not math.isfinite(data.high - data.low):
        return rated
    return score.low + (rated - data.low) / (data.high - data.low) * (score.high - score.low)


def _measure_coverage(results: Sequence[Score], rated: NDArray[np.float64]) -> Coverage | None:
    intervals = [result.interval for result in results if result.interval is not None]
    nominal = results[0].coverage
    return None if nominal is None else measure_coverage(intervals, rated, nominal)


def _columns(result: Score) -> dict[str, float]:
    """What a line of predictions says beside the score."""
    columns = {f"p{rating}": share for rating, share in zip(RATINGS, result.distribution or (), strict=False)}
    if result.uncertainty is not None:
        columns["uncertainty"] = result.uncertainty
    if result.interval is not None:
        columns["interval_low"], columns["interval_high"] = result.interval
    return columns


def _find_seen(scorer: Scorer, records: Sequence[Record], workers: int) -> tuple[NearPair, ...] | None:
    listed = scorer.checkpoint.training_images
    return None if listed is None else tuple(find_seen(read_seen(listed), records, workers))


def _unseen(records: Sequence[Record], seen: tuple[NearPair, ...] | None) -> NDArray[np.bool_]:
    names = {pair.test for pair in seen or ()}
    return np.array([record.name not in names for record in records])


def _score(scorer: Scorer, records: Sequence[Record]) -> Iterator[Score]:
    with progress_bar("evaluating", len(records)) as advance:
        for result in scorer.score_many(_images(records)):
            if isinstance(result, ImageError):
                raise DataError(str(result))
            advance("")
            yield result


def _images(records: Sequence[Record]) -> Iterable[Any]:
    """What the scorer is to decode; images that the set wants reduced are decoded and reduced here."""
    for record in records:
        yield record.image if record.shorter_side_px is None else record.needed_pixels()


def _facts(scorer: Scorer, data: DataSet, splits: tuple[str, ...], split_seed: int | None) -> dict[str, Any]:
    checkpoint = scorer.checkpoint
    return {
        "musiq": __version__,
        "data": data.name,
        "splits": list(splits),
        "split_seed": split_seed,
        "checkpoint": checkpoint.name,
        "weights_sha256": checkpoint.id,
        "preprocess": checkpoint.preprocess,
        "low": checkpoint.score_range.low,
        "high": checkpoint.score_range.high,
    }


def _measured(overall: Figures, seen: tuple[NearPair, ...] | None, others: Figures | None) -> dict[str, Any]:
    return {
        "figures": overall.as_dict(),
        "seen_images": None if seen is None else len(seen),
        "seen": None if seen is None else [asdict(pair) for pair in seen],
        "figures_without_seen": None if others is None else others.as_dict(),
    }
