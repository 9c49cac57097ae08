"""What happens to a training image, and what that does to its label.

Flips keep the label. Crops, resizes, squeezes and degradations make it an interval: nobody rated the changed image,
but a heavily compressed copy is surely worse than its original, and by how much lies within bounds. The loss is the
distance to the interval, so an untouched image trains with plain L1 on its MOS.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from musiq.patches import PatchBatch

Interval = tuple[float, float]


@dataclass(frozen=True)
class Augment:
    """Probabilities and ranges; the default only flips, as the paper's fine-tuning does.

    Attributes:
        flip: probability of a horizontal flip.
        crop: probability of a random crop.
        crop_side: smallest side of a crop, as a share of the image's.
        resize: probability of an aspect-preserving downscale.
        resize_side: smallest downscale factor.
        squeeze: probability of a change of aspect ratio, by up to a factor of two.
        degrade: probability of one degradation out of blur, noise, JPEG, WebP, down-up scaling.
    """

    flip: float = 0.5
    crop: float = 0.0
    crop_side: float = 0.7
    resize: float = 0.0
    resize_side: float = 0.4
    squeeze: float = 0.0
    degrade: float = 0.0

    def __call__(self, image: Image.Image, label: float, rng: np.random.Generator) -> tuple[Image.Image, Interval]:
        """`image` changed at random, and the interval in which its label then lies; both ends start at `label`."""
        interval = (label, label)
        if rng.random() < self.flip:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if rng.random() < self.crop:
            image, interval = _crop(image, self.crop_side, rng), _widen(interval, 0.03)
        if rng.random() < self.resize:
            factor = rng.uniform(self.resize_side, 1)
            image, interval = _scale(image, factor, factor), _widen(interval, 0.1 * (1 - factor))
        if rng.random() < self.squeeze:
            stretch = rng.uniform(-1, 1)  # log2 of the change of aspect ratio
            image = _scale(image, *((2 ** -abs(stretch), 1) if stretch < 0 else (1, 2 ** -abs(stretch))))
            interval = _lower(interval, 0.1 * abs(stretch), 0.6 * abs(stretch))
        if rng.random() < self.degrade:
            severity = rng.random()
            image = DEGRADATIONS[rng.integers(len(DEGRADATIONS))](image, severity, rng)
            interval = _lower(interval, 0.5 * severity, 0.25 + 0.7 * severity)
        return image, interval


def _widen(interval: Interval, margin: float) -> Interval:
    return interval[0] - margin, interval[1] + margin


def _lower(interval: Interval, least: float, most: float) -> Interval:
    """The label loses between the shares `least` and `most` of its height above the scale's bottom."""
    return interval[0] * (1 - most), interval[1] * (1 - least)


def _crop(image: Image.Image, smallest: float, rng: np.random.Generator) -> Image.Image:
    width, height = (max(1, round(side * rng.uniform(smallest, 1))) for side in image.size)
    left, top = rng.integers(image.width - width + 1), rng.integers(image.height - height + 1)
    return image.crop((int(left), int(top), int(left) + width, int(top) + height))


def _scale(image: Image.Image, horizontal: float, vertical: float) -> Image.Image:
    size = max(1, round(image.width * horizontal)), max(1, round(image.height * vertical))
    return image.resize(size, Image.Resampling.LANCZOS)


def blur(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """Gaussian blur, sigma 0.6 to 5 px at severity 0 to 1."""
    return image.filter(ImageFilter.GaussianBlur(0.6 + 4.4 * severity))


def noise(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """Additive Gaussian noise, sigma 5 to 55 of 255, per pixel and channel or alike in all channels."""
    channels = 3 if rng.random() < 0.7 else 1
    grain = rng.standard_normal((image.height, image.width, channels), np.float32) * (5 + 50 * severity)
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


def jpeg(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """JPEG at quality 60 down to 3."""
    return _recode(image, "JPEG", round(3 + 57 * (1 - severity) ** 1.5))


def webp(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """WebP at quality 50 down to 0."""
    return _recode(image, "WEBP", round(50 * (1 - severity) ** 1.5), method=0)


def down_up(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """Shrunk 1.5 to 8 times and enlarged again, by nearest, bilinear or bicubic interpolation."""
    factor = 1.5 + 6.5 * severity**1.5
    method = (Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)[rng.integers(3)]
    return _scale(image, 1 / factor, 1 / factor).resize(image.size, method)


def _recode(image: Image.Image, kind: str, quality: int, **options: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=quality, **options)
    return Image.open(buffer).convert("RGB")


DEGRADATIONS: tuple[Callable[[Image.Image, float, np.random.Generator], Image.Image], ...] = (
    blur,
    noise,
    jpeg,
    webp,
    down_up,
)


def thin(patches: PatchBatch, keep: tuple[int, ...], rng: np.random.Generator) -> PatchBatch:
    """A random subset of at most `keep[s]` tokens of each scale s, in their order; positions stay as they were."""
    scale = patches.scale[0]
    chosen = [rng.permutation(np.flatnonzero(scale == index))[:limit] for index, limit in enumerate(keep)]
    return patches.take(np.sort(np.concatenate(chosen)))
