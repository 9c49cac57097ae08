"""Measures what `musiq calibrate` gains, by the number of ratings, on ratings that it has not seen.

    python -m tools.measure_own_scale results/default-biq2021-test.csv --out docs/meaning/own-scale.svg
    python -m tools.measure_own_scale results/default-biq2021-test.csv --write FOLDER

The ratings are those of the photos, seen through a user's eyes: moved to a scale of 1 to 5 stars as he uses it, with
noise of his own (a standard deviation of half a star), in whole stars. Photos whose near-duplicates the checkpoint was
trained on are left out. Each draw takes some photos at random to learn from, and measures on all others. Few ratings
may by chance not rise with the scores; then `musiq calibrate` refuses, and the draw counts as one in which the error
does not fall. The first command prints a table and draws it; the second writes the ratings of 50 photos, and of 100
others.
"""

import argparse
import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from musiq.checkpoint import Checkpoint
from musiq.errors import DataError
from musiq.evaluate.files import read_predictions
from musiq.meaning.calibrate import learn_scale
from musiq.pictures import save_figure
from musiq.progress import progress_bar
from musiq.scores import Score
from musiq.sources import load_checkpoint

Series = NDArray[np.float64]
NUMBERS = (10, 20, 50, 100, 200)
LOW, HIGH, NOISE = 1, 5, 0.5
USERS: dict[str, Callable[[Series], Series]] = {  # stars of a photo that people rate 0 to 1
    "strict": lambda quality: 1 + 4 * quality**2.5,
    "timid": lambda quality: 2.5 + 2 * quality,
    "as the checkpoint": lambda quality: 1 + 4 * quality,
}


class Photos(NamedTuple):
    """What is known of each photo."""

    names: Sequence[str]
    mos: Series
    scores: Series
    uncertainties: Series


class Draw(NamedTuple):
    """Errors (RMSE in stars) on ratings that were not learned from, and the share that the intervals hold; NaN where
    the ratings were refused."""

    before: float
    after: float
    mean: float
    held: float


def read_photos(predictions: Path) -> Photos:
    """The photos of a file of predictions that are unlike all training images."""
    found = read_predictions(predictions)
    seen = {pair["test"] for pair in found.facts["seen"]}
    kept = [index for index, name in enumerate(found.images) if name not in seen]
    assert found.uncertainties is not None
    names = [found.images[index] for index in kept]
    return Photos(names, found.mos[kept], found.scores[kept], found.uncertainties[kept])


def rate(photos: Photos, user: str, rng: np.random.Generator) -> Series:
    """Stars that a user gives each photo."""
    stars = USERS[user](photos.mos / 100) + rng.normal(0, NOISE, len(photos.mos))
    return np.clip(np.round(stars), LOW, HIGH)


def draw_once(photos: Photos, checkpoint: Checkpoint, user: str, number: int, seed: int) -> Draw:
    """One draw: so many ratings learned from, all others predicted."""
    rng = np.random.default_rng((seed, number))
    stars, order = rate(photos, user, rng), rng.permutation(len(photos.mos))
    taken, others = order[:number], order[number:]
    scores = [_score(photos.scores[index], photos.uncertainties[index]) for index in taken]
    x, y = photos.scores[others], stars[others]
    before, guess = _rmse(LOW + x / 100 * (HIGH - LOW), y), _rmse(np.full(len(y), stars[taken].mean()), y)
    try:
        learned = learn_scale(checkpoint, scores, stars[taken], LOW, HIGH, name="user").checkpoint
    except DataError:
        return Draw(before, np.nan, guess, np.nan)
    assert learned.own_scale is not None
    assert learned.calibration is not None
    predicted, spread = learned.own_scale.apply(x), learned.own_scale.spread(x, photos.uncertainties[others])
    held = np.abs(predicted - y) <= learned.calibration.factor * spread
    return Draw(before, _rmse(predicted, y), guess, float(held.mean()))


def _score(mos: float, uncertainty: float) -> Score:
    unknown = dict.fromkeys(("distribution", "interval", "coverage", "percentile", "band", "low", "high"))
    facts = {"higher_is_better": True, "checkpoint": "", "weights": "", "preprocess": "", "height": 0, "width": 0}
    return Score(mos=mos, uncertainty=uncertainty, **unknown, **facts)  # type: ignore[arg-type]


def _rmse(predicted: Series, ratings: Series) -> float:
    return float(np.sqrt(np.mean((predicted - ratings) ** 2)))


def print_table(draws: dict[str, dict[int, list[Draw]]]) -> None:
    """Markdown: a row for each user and number of ratings."""
    print("| user | ratings | error before | error after | falls in | refused | always the mean | held by intervals |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for user, numbers in draws.items():
        for number, rows in numbers.items():
            before, after, mean, held = np.nanmean(rows, axis=0)
            falls, refused = np.mean([(row.after < row.before, np.isnan(row.after)) for row in rows], axis=0)
            shares = (f"{100 * falls:.1f} %", f"{100 * refused:.1f} %", f"{mean:.2f}", f"{100 * held:.1f} %")
            print(f"| {user} | {number} | {before:.2f} | {after:.2f} | {' | '.join(shares)} |")


def plot(draws: dict[str, dict[int, list[Draw]]], out: Path) -> None:
    """A panel for each user: errors over the number of ratings."""
    figure, axes = plt.subplots(1, len(draws), figsize=(10, 3.6), sharey=True, layout="constrained")
    for axis, (user, numbers) in zip(axes, draws.items(), strict=True):
        ends = np.array([np.nanquantile([row.after for row in rows], (0.05, 0.5, 0.95)) for rows in numbers.values()])
        axis.fill_between(list(numbers), ends[:, 0], ends[:, 2], alpha=0.2, label="9 of 10 draws")
        axis.plot(list(numbers), ends[:, 1], marker="o", markersize=4, label="after")
        axis.axhline(np.mean([row.before for rows in numbers.values() for row in rows]), color="C3", label="before")
        axis.set(xscale="log", title=f"{user}", xlabel="ratings")
        axis.set_xticks(list(numbers), [str(number) for number in numbers])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("error on other ratings (RMSE, stars)")
    axes[0].legend()
    out.parent.mkdir(parents=True, exist_ok=True)
    save_figure(figure, out)


def write_ratings(photos: Photos, folder: Path) -> None:
    """`learn.csv` with a strict user's stars of 50 photos, and `held.csv` with those of 100 others."""
    rng = np.random.default_rng(0)
    stars, order = rate(photos, "strict", rng), rng.permutation(len(photos.mos))
    folder.mkdir(parents=True, exist_ok=True)
    for name, chosen in (("learn.csv", order[:50]), ("held.csv", order[50:150])):
        with open(folder / name, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([("image", "mos"), *((photos.names[index], f"{stars[index]:g}") for index in chosen)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("predictions", type=Path)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    photos, checkpoint = read_photos(options.predictions), load_checkpoint("default")
    if options.write is not None:
        return write_ratings(photos, options.write)
    draws = {user: {number: list[Draw]() for number in NUMBERS} for user in USERS}
    with progress_bar("drawing", options.draws * len(NUMBERS) * len(USERS)) as advance:
        for user, numbers in draws.items():
            for number, rows in numbers.items():
                for seed in range(options.draws):
                    rows.append(draw_once(photos, checkpoint, user, number, seed))
                    advance(user)
    print(f"{len(photos.mos)} photos, {options.draws} draws")
    print_table(draws)
    if options.out is not None:
        plot(draws, options.out)


if __name__ == "__main__":
    main()
