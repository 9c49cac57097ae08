"""Draws how scores change with a photo's size and aspect ratio (the paper's Figure 3 and its question of size).

    pip install matplotlib && python tools/plot_sizes.py PHOTO... --out docs/default/sizes.svg

Each photo is resized with Pillow's Lanczos filter: to 100, 75, 50 and 35 percent of its sides, and to 0.5 to 2 times
its aspect ratio by shortening one side. Lines are the mean over the photos, bands hold their middle half.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from musiq.image import load_image
from musiq.pictures import save_figure
from musiq.progress import progress_bar
from musiq.scorer import Scorer

SIZES = (1.0, 0.75, 0.5, 0.35)
ASPECTS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.4, 1.7, 2.0)
Resize = Callable[[Image.Image, float], Image.Image]


def shrink(photo: Image.Image, share: float) -> Image.Image:
    """Both sides by the same share."""
    return _resize(photo, share, share)


def squeeze(photo: Image.Image, ratio: float) -> Image.Image:
    """`ratio` times the width over height, by shortening the one or the other."""
    return _resize(photo, min(1.0, ratio), min(1.0, 1 / ratio))


def _resize(photo: Image.Image, horizontal: float, vertical: float) -> Image.Image:
    size = max(1, round(photo.width * horizontal)), max(1, round(photo.height * vertical))
    return photo if size == photo.size else photo.resize(size, Image.Resampling.LANCZOS)


def score_changes(scorer: Scorer, photos: Sequence[Path], resize: Resize, values: Sequence[float]) -> NDArray[Any]:
    """Scores `(photos, values)`."""
    rows = []
    with progress_bar(resize.__name__, len(photos)) as advance:
        for path in photos:
            photo = Image.fromarray(load_image(path).pixels)
            rows.append([scorer.score(resize(photo, value)).mos for value in values])
            advance(path.name)
    return np.array(rows)


def draw(panels: Sequence[tuple[str, Sequence[float], NDArray[Any]]], out: Path) -> None:
    """A panel for each (title, values, scores)."""
    figure, axes = plt.subplots(1, len(panels), figsize=(10, 4), sharey=True, layout="constrained")
    for axis, (title, values, scores) in zip(axes, panels, strict=True):
        low, high = np.quantile(scores, (0.25, 0.75), axis=0)
        axis.fill_between(values, low, high, alpha=0.2, label="middle half of the photos")
        axis.plot(values, scores.mean(axis=0), marker="o", markersize=4, label=f"mean of {len(scores)} photos")
        axis.set(xscale="log", title=title)
        axis.set_xticks(values, [f"{value:g}" for value in values])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("score")
    axes[0].legend()
    out.parent.mkdir(parents=True, exist_ok=True)
    save_figure(figure, out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--checkpoint", default="default")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    scorer = Scorer.load(options.checkpoint)
    panels = [
        ("side, as a share of the photo's", SIZES, score_changes(scorer, options.photos, shrink, SIZES)),
        (
            "aspect ratio, as a multiple of the photo's",
            ASPECTS,
            score_changes(scorer, options.photos, squeeze, ASPECTS),
        ),
    ]
    for title, values, scores in panels:
        print(title)
        for value, mean in zip(values, scores.mean(axis=0), strict=True):
            print(f"  {value:<5g} {mean:.1f}")
    draw(panels, options.out)


if __name__ == "__main__":
    main()
