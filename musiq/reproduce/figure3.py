"""Figure 3: what each network predicts for one image resized to different aspect ratios."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from musiq.data.record import DataSet
from musiq.image import load_image
from musiq.patches import PatchConfig, patchify
from musiq.reproduce.runs import Workshop, open_run
from musiq.reproduce.setting import Setting
from musiq.reproduce.table5 import FULL, RESNET, SQUARE, TABLE5, VIT_SMALL
from musiq.scores import mean_opinion
from musiq.train.networks import Network
from musiq.train.tasks import make_task

FACTORS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.45, 1.7, 2.0, 2.5)  # of width over height
CURVES = {"MUSIQ, ARP": FULL, "MUSIQ, square": SQUARE, "ViT-Small, square": VIT_SMALL, "NIMA, square": RESNET}
COLOURS = ("tab:blue", "tab:green", "tab:orange", "tab:red")  # as in the paper
Curves = dict[str, NDArray[np.float64]]


def aspect_curves(
    photos: Sequence[Path], data: DataSet, setting: Setting, workshop: Workshop, seeds: Sequence[int]
) -> dict[Path, Curves]:
    """Scores of each photo at every factor, by network, `(seeds, factors)`; trains what Table 5 has not trained yet."""
    curves: dict[Path, Curves] = {photo: {} for photo in photos}
    for name, label in CURVES.items():
        make = TABLE5.row(label).recipe
        assert make is not None
        recipe, networks = make(setting), list[Network]()
        for seed in seeds:
            networks.append(open_run(replace(recipe, seed=seed), data, workshop))
        factor = make_task(recipe, [data]).score.factor
        for photo in photos:
            images = stretched(photo)
            scores = [[score(network, recipe.patches, image, factor) for image in images] for network in networks]
            curves[photo][name] = np.array(scores)
    return curves


def stretched(photo: Path) -> list[NDArray[np.uint8]]:
    """The photo at every factor, its area kept, by Lanczos; untouched at factor 1."""
    image = Image.fromarray(load_image(photo).pixels)
    return [np.asarray(_stretch(image, factor)) for factor in FACTORS]


def _stretch(image: Image.Image, factor: float) -> Image.Image:
    if factor == 1:
        return image
    size = round(image.width * factor**0.5), round(image.height / factor**0.5)
    return image.resize(size, Image.Resampling.LANCZOS)


def score(network: Network, patches: PatchConfig, image: NDArray[np.uint8], factor: float) -> float:
    """The network's score of one image."""
    batch = patchify(image, patches)
    with torch.no_grad():
        logits = network(*(torch.from_numpy(field) for field in (batch.pixels, batch.cell, batch.scale)))
    return float(mean_opinion(logits.double().numpy(), factor)[0])


def draw_curves(curves: Mapping[Path, Curves], path: Path) -> None:
    """Writes the figure: a panel per photo, a line per network, the mean over seeds and its standard deviation."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(0.5 + 4.2 * len(curves), 5.2), layout="constrained")
    grid = figure.subplots(2, len(curves), squeeze=False, height_ratios=(1, 1.6))
    for (photo, of_photo), above, axes in zip(curves.items(), grid[0], grid[1], strict=True):
        above.imshow(load_image(photo).pixels)
        above.set(xticks=[], yticks=[], title=photo.name)
        for (name, scores), colour in zip(of_photo.items(), COLOURS, strict=True):
            mean, std = scores.mean(axis=0), scores.std(axis=0)
            axes.plot(FACTORS, mean, "o-", color=colour, label=name, markersize=3)
            axes.fill_between(FACTORS, mean - std, mean + std, color=colour, alpha=0.15, linewidth=0)
        axes.set_xscale("log")
        axes.set_xticks((0.4, 0.5, 0.7, 1, 1.4, 2, 2.5), ("0.4", "0.5", "0.7", "1", "1.4", "2", "2.5"), minor=False)
        axes.set_xticks((), minor=True)
        axes.set(xlabel="width over height, 1 as taken", ylabel="score")
        axes.grid(alpha=0.3)
    grid[1][0].legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def write_curves(curves: Mapping[Path, Curves]) -> str:
    """The means as CSV: photo, network, and a column per factor."""
    rows = ["photo,network," + ",".join(map(str, FACTORS))]
    for photo, of_photo in curves.items():
        rows += [
            f'{photo.name},"{name}",' + ",".join(f"{value:.4g}" for value in scores.mean(axis=0))
            for name, scores in of_photo.items()
        ]
    return "\n".join(rows) + "\n"
