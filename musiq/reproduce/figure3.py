"""Figure 3: what each network predicts for one image resized to different aspect ratios."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from musiq.data.record import DataSet
from musiq.pictures import save_figure
from musiq.reproduce.photos import Photo, score
from musiq.reproduce.runs import Run, finish_runs, open_run
from musiq.reproduce.setting import Setting
from musiq.reproduce.table5 import FULL, RESNET, SQUARE, TABLE5, VIT_SMALL
from musiq.reproduce.workshop import Workshop
from musiq.train.augment import resize_sides
from musiq.train.recipe import Recipe
from musiq.train.tasks import make_task

FACTORS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.45, 1.7, 2.0, 2.5)  # of width over height
TICKS = (0.4, 0.5, 0.7, 1, 1.4, 2, 2.5)
CURVES = {"MUSIQ, ARP": FULL, "MUSIQ, square": SQUARE, "ViT-Small, square": VIT_SMALL, "NIMA, square": RESNET}
COLOURS = ("tab:blue", "tab:green", "tab:orange", "tab:red")  # as in the paper
Curves = dict[str, NDArray[np.float64]]


def recipes(setting: Setting) -> dict[str, Recipe]:
    """What trains each curve's network: rows of Table 5."""
    found = {name: TABLE5.row(label).recipe for name, label in CURVES.items()}
    return {name: make(setting) for name, make in found.items() if make is not None}


def aspect_curves(
    photos: Sequence[Photo], data: DataSet, setting: Setting, workshop: Workshop, seeds: Sequence[int]
) -> dict[str, Curves]:
    """Scores of each photo at every factor, by photo and network, `(seeds, factors)`; trains what is missing."""
    runs = [
        Run(name, replace(recipe, seed=seed), data, (data,))
        for seed in seeds
        for name, recipe in recipes(setting).items()
    ]
    finish_runs("figure3", runs, workshop)
    curves: dict[str, Curves] = {photo.name: {} for photo in photos}
    for name, recipe in recipes(setting).items():
        networks = [open_run(replace(recipe, seed=seed), data, workshop) for seed in seeds]
        factor = make_task(recipe, [data]).score.factor
        for photo in photos:
            images = stretched(photo)
            scores = [[score(network, recipe.patches, image, factor) for image in images] for network in networks]
            curves[photo.name][name] = np.array(scores)
    return curves


def stretched(photo: Photo) -> list[NDArray[np.uint8]]:
    """The photo at every factor, its area kept, by Lanczos; untouched at factor 1."""
    image = Image.fromarray(photo.pixels)
    return [
        photo.pixels if factor == 1 else np.asarray(resize_sides(image, factor**0.5, factor**-0.5))
        for factor in FACTORS
    ]


def draw_curves(photos: Sequence[Photo], curves: Mapping[str, Curves], path: Path) -> None:
    """Writes the figure: a column per photo, a line per network, the mean over seeds within its standard deviation."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(0.5 + 4.2 * len(photos), 5.6), layout="constrained")
    grid = figure.subplots(2, len(photos), squeeze=False, height_ratios=(1, 1.6))
    for photo, above, axes in zip(photos, grid[0], grid[1], strict=True):
        above.imshow(photo.pixels)
        above.set(xticks=[], yticks=[], title=photo.name)
        for (name, scores), colour in zip(curves[photo.name].items(), COLOURS, strict=True):
            mean, std = scores.mean(axis=0), scores.std(axis=0, ddof=1 if len(scores) > 1 else 0)
            axes.plot(FACTORS, mean, "o-", color=colour, label=name, markersize=3)
            axes.fill_between(FACTORS, mean - std, mean + std, color=colour, alpha=0.15, linewidth=0)
        axes.set_xscale("log")
        axes.set_xticks(TICKS, list(map(str, TICKS)))
        axes.set_xticks((), minor=True)
        axes.set(xlabel="times the aspect ratio as taken", ylabel="score")
        axes.grid(alpha=0.3)
    figure.legend(*grid[1][0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    save_figure(figure, path)


def write_curves(curves: Mapping[str, Curves], seeds: Sequence[int]) -> str:
    """All scores as CSV: photo, network, seed, and a column per factor."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["photo", "network", "seed", *FACTORS])
    for photo, of_photo in curves.items():
        for name, scores in of_photo.items():
            for seed, row in zip(seeds, scores.tolist(), strict=True):
                writer.writerow([photo, name, seed, *(f"{value:.5g}" for value in row)])
    return text.getvalue()
