"""Evaluations as tables for people. Needs `musiq[train]`."""

import sys

from musiq.evaluate.figures import Figures
from musiq.evaluate.files import Predictions
from musiq.evaluate.paired import Comparison, Difference
from musiq.evaluate.predictions import Evaluation
from musiq.evaluate.resampling import Interval, random_splits
from musiq.progress import say
from musiq.tables import print_table

SHOWN_PAIRS = 3


def print_figures(result: Evaluation, splits: tuple[str, ...]) -> None:
    """Prints what was measured on what; a second pair of columns where some images were seen in training."""
    facts, figures = result.predictions.facts, result.figures
    which = f"split {', '.join(splits)}" if splits else "all images, whatever their split"
    print(f"{facts['data']}, {which}; checkpoint {facts['checkpoint']}")
    print(f"images {figures.agreement.images}")
    cells, others = _cells(figures), _cells(result.unseen_figures) if result.unseen_figures else {}
    columns = ["figure", "all images", "95 % interval"]
    if result.unseen_figures:
        columns += [f"{result.unseen_figures.agreement.images} unseen in training", "95 % interval of these"]
    rows = [(name, *cell, *others.get(name, ())) for name, cell in cells.items()]
    print_table(columns, rows, sys.stdout)


def _cells(figures: Figures) -> dict[str, tuple[str, str]]:
    plain, after = figures.agreement, figures.logistic
    cells = {
        "SRCC": (f"{plain.srcc:.4f}", _interval(figures.srcc_interval)),
        "PLCC": (f"{plain.plcc:.4f}", _interval(figures.plcc_interval)),
        "KRCC": (f"{plain.krcc:.4f}", ""),
        "RMSE": (f"{plain.rmse:.4f}", ""),
        "PLCC after logistic": (f"{after.plcc:.4f}", ""),
        "RMSE after logistic": (f"{after.rmse:.4f}", ""),
    }
    if figures.accuracy is not None and figures.mse is not None:
        cells |= {"accuracy at 5": (f"{figures.accuracy:.4f}", ""), "MSE": (f"{figures.mse:.4f}", "")}
    if (held := figures.coverage) is not None:
        cells[f"held by {held.nominal:.0%} intervals"] = (f"{held.found:.4f}", _interval(held.interval))
        cells["their mean width"] = (f"{held.width:.1f}", "")
    return cells


def _interval(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.low:.4f} to {interval.high:.4f}"


def print_comparison(result: Comparison) -> None:
    """Prints two checkpoints' figures, their differences, intervals and p-values."""
    print(f"images {result.images}")
    columns = ("figure", "A", "B", "A - B", "95 % interval", "p")
    rows = [_difference_row("SRCC", result.srcc), _difference_row("PLCC", result.plcc)]
    print_table(columns, rows, sys.stdout, right=columns[1:4])


def _difference_row(name: str, values: Difference) -> tuple[str, ...]:
    numbers = (f"{values.first:.4f}", f"{values.second:.4f}", f"{values.difference:+.4f}")
    interval = f"{values.interval.low:+.4f} to {values.interval.high:+.4f}"
    return (name, *numbers, interval, f"{values.p:.4f}")


def print_random_splits(result: Evaluation, count: int, seed: int) -> None:
    """Prints how SRCC and PLCC vary over random fifths of the images, groups kept whole."""
    groups = [record.group for record in result.records]
    spreads = random_splits(result.predictions.scores, result.predictions.mos, count, groups=groups, seed=seed)
    print(f"\n{count} random fifths of these images, seed {seed}")
    columns = ("figure", "mean", "median", "std")
    rows = [
        (name, f"{spread.mean:.4f}", f"{spread.median:.4f}", f"{spread.std:.4f}")
        for name, spread in zip(("SRCC", "PLCC"), spreads, strict=True)
    ]
    print_table(columns, rows, sys.stdout, right=columns[1:])


def warn_of_range(result: Evaluation) -> None:
    """Says on stderr that no score lies in the checkpoint's range: the range, or the network, is not what it seems."""
    facts, scores = result.predictions.facts, result.predictions.scores
    low, high = facts["low"], facts["high"]
    if low is not None and high is not None and not ((low <= scores) & (scores <= high)).any():
        found = f"{scores.min():.4g} to {scores.max():.4g}"
        say(f"musiq: warning: all scores lie outside the checkpoint's range, {low:g} to {high:g}: they are {found}")


def warn_of_other_data(first: Predictions, second: Predictions) -> None:
    """Says on stderr in what two files of predictions differ that should be of the same images."""
    for fact in ("data", "splits", "split_seed"):
        said = [file.facts.get(fact) for file in (first, second)]
        if all(fact in file.facts for file in (first, second)) and said[0] != said[1]:
            say(f"musiq: warning: {fact} {said[0]!r} of {first.path}, but {said[1]!r} of {second.path}")


def warn_of_leaks(result: Evaluation) -> None:
    """Says on stderr how many test images were seen in training, with examples."""
    if result.seen is None:
        print("musiq: the checkpoint does not list its training images: leakage not checked", file=sys.stderr)
    elif result.seen:
        images = result.figures.agreement.images
        count = f"{len(result.seen)} of {images} images"
        print(f"musiq: warning: {count} are near-duplicates of training images:", file=sys.stderr)
        for pair in result.seen[:SHOWN_PAIRS]:
            print(f"  {pair.test} is {pair.bits_apart} bits of 64 from {pair.training}", file=sys.stderr)
