"""What is made of a training photo, and what that does to its label.

Flips keep the label. Crops and resizes make it an interval: nobody rated the changed photo. Damaged copies come beside
the photo, not in its place: each must score below it by a depth that grows with the damage, and no more is said. The
loss is the distance to the interval, so that an untouched photo trains with plain L1 on its MOS, plus what a copy
lacks in depth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeVar

import numpy as np
from PIL import Image

from musiq.distortions import FAMILIES, Distortion
from musiq.patches import PatchBatch

Interval = tuple[float, float]
Choice = TypeVar("Choice")

FALL: Final = MappingProxyType(
    {
        "blur": 0.6,
        "noise": 0.5,
        "compression": 0.6,
        "scaling": 0.6,
        "light": 0.55,
        "colour": 0.25,
        "artefacts": 0.4,
    }
)  # share of its height above the scale's bottom that a photo loses at least, ruined by each family: our assumption
SQUEEZE_FALL = 0.5  # the same for a change of aspect ratio by a factor of two
USUAL_ASPECT = 1.5  # width over height of usual photos, and height over width, at most
FIRST_DAMAGE = 0.1  # of a distortion that is just visible, on the way to 1


@dataclass(frozen=True)
class View:
    """One image made of a photo.

    Attributes:
        image: mode RGB.
        interval: where its label lies, 0 to 1 over the rating scale.
        depth: how far below the photo it must score at least, in the same unit; 0 for the photo itself.
        kinds: names of the distortions in it.
        original: the photo without them, of the same size; None for the photo itself and for squeezed copies.
    """

    image: Image.Image
    interval: Interval
    depth: float = 0.0
    kinds: tuple[str, ...] = ()
    original: Image.Image | None = None


@dataclass(frozen=True)
class Augment:
    """Probabilities and ranges; the default only flips, as the paper's fine-tuning does.

    Attributes:
        flip: probability of a horizontal flip.
        crop: probability of a random crop.
        crop_side: smallest side of a crop, as a share of the image's.
        resize: probability of an aspect-preserving downscale.
        resize_side: smallest downscale factor.
        enlarge: probability of an aspect-preserving upscale, by up to a factor of two.
        squeeze: probability of a copy with another aspect ratio, by up to a factor of two. The photo is then cut to a
            usual shape first, so that the shape alone does not tell which one was squeezed.
        degrade: probability of copies with one of the distortions of `musiq.distortions`.
        copies: how many, of rising severity.
        chain: probability that another distortion comes before it in all of them.
    """

    flip: float = 0.5
    crop: float = 0.0
    crop_side: float = 0.7
    resize: float = 0.0
    resize_side: float = 0.4
    enlarge: float = 0.0
    squeeze: float = 0.0
    degrade: float = 0.0
    copies: int = 2
    chain: float = 0.3

    def __call__(self, image: Image.Image, label: float, rng: np.random.Generator) -> list[View]:
        """The photo, changed at random, and its copies; `label` is 0 to 1 over the rating scale."""
        image, interval = self._frame(image, label, rng)
        views = [View(image, interval)]
        if rng.random() < self.squeeze:
            photo, interval = _cut_to_shape(image, rng), _widen(interval, 0.03)
            squeezed, stretch = _squeeze(photo, rng)
            views = [View(photo, interval), View(squeezed, (0, interval[1]), SQUEEZE_FALL * stretch * label)]
        if rng.random() < self.degrade:
            views += self._degrade(views[0], label, rng)
        return views

    def _frame(self, image: Image.Image, label: float, rng: np.random.Generator) -> tuple[Image.Image, Interval]:
        interval = (label, label)
        if rng.random() < self.flip:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if rng.random() < self.crop:
            image, interval = _crop(image, self.crop_side, rng), _widen(interval, 0.03)
        for probability, smallest, largest in ((self.resize, self.resize_side, 1), (self.enlarge, 1, 2)):
            if rng.random() < probability:
                factor = rng.uniform(smallest, largest)
                image, interval = resize_sides(image, factor, factor), _widen(interval, 0.1 * abs(factor - 1))
        return image, interval

    def _degrade(self, photo: View, label: float, rng: np.random.Generator) -> list[View]:
        image, kinds = photo.image, list[Distortion]()
        if rng.random() < self.chain:
            kinds.append(_draw(FAMILIES[_draw([*FAMILIES], rng)], rng))
            image = kinds[0](image, rng.random(), rng)
        family = _draw([*FAMILIES], rng)
        kind, fall = _draw(FAMILIES[family], rng), FALL[family] * label
        names = tuple(one.__name__ for one in (*kinds, kind))
        views = []
        for severity in np.sort(rng.random(self.copies)).tolist():
            damage = FIRST_DAMAGE + (1 - FIRST_DAMAGE) * severity
            copy = kind(image, severity, rng)
            views.append(View(copy, (0, photo.interval[1]), fall * damage, names, photo.image))
        return views


def _draw(choices: Sequence[Choice], rng: np.random.Generator) -> Choice:
    return choices[int(rng.integers(len(choices)))]


def _widen(interval: Interval, margin: float) -> Interval:
    return interval[0] - margin, interval[1] + margin


def _crop(image: Image.Image, smallest: float, rng: np.random.Generator) -> Image.Image:
    width, height = (max(1, round(side * rng.uniform(smallest, 1))) for side in image.size)
    return _cut(image, width, height, rng)


def _cut(image: Image.Image, width: int, height: int, rng: np.random.Generator) -> Image.Image:
    left, top = rng.integers(image.width - width + 1), rng.integers(image.height - height + 1)
    return image.crop((int(left), int(top), int(left) + width, int(top) + height))


def _cut_to_shape(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The largest part of a random usual aspect ratio, somewhere in the image."""
    aspect = USUAL_ASPECT ** rng.uniform(-1, 1)
    width, height = min(image.width, image.height * aspect), min(image.height, image.width / aspect)
    return _cut(image, max(1, round(width)), max(1, round(height)), rng)


def _squeeze(image: Image.Image, rng: np.random.Generator) -> tuple[Image.Image, float]:
    """One side shortened by up to a half, and the binary logarithm of the change of aspect ratio, 0 to 1."""
    stretch = rng.uniform(-1, 1)
    shortened = 2 ** -abs(stretch)
    return resize_sides(image, *((shortened, 1) if stretch < 0 else (1, shortened))), abs(stretch)


def resize_sides(image: Image.Image, horizontal: float, vertical: float) -> Image.Image:
    """The image with its width and its height times these factors, by Lanczos; 1 px at least."""
    size = max(1, round(image.width * horizontal)), max(1, round(image.height * vertical))
    return image.resize(size, Image.Resampling.LANCZOS)


def thin(patches: PatchBatch, keep: tuple[int, ...], rng: np.random.Generator) -> PatchBatch:
    """A random subset of at most `keep[s]` tokens of each scale s, in their order; positions stay as they were."""
    scale = patches.scale[0]
    chosen = [rng.permutation(np.flatnonzero(scale == index))[:limit] for index, limit in enumerate(keep)]
    return patches.take(np.sort(np.concatenate(chosen)))
