"""What becomes of a score when the photo is cropped, shrunk, compressed or turned: curves as data."""

import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
from PIL import Image

from musiq.errors import ImageError
from musiq.image import load_image
from musiq.scorer import Scorer

BORDER_PX = 2  # around a photo before it is rotated: its last pixels again, so that bicubic mixes nothing else in
QUARTERS: Final = MappingProxyType(
    {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
)


@dataclass(frozen=True)
class Curve:
    """Scores of one photo, changed more and more.

    Attributes:
        change: a key of `CHANGES`.
        label: the change and its unit, for people.
        values: how much it was changed.
        scores: one for each value.
        unchanged: score of the photo as it is.
    """

    change: str
    label: str
    values: tuple[float, ...]
    scores: tuple[float, ...]
    unchanged: float

    def largest(self) -> tuple[float, float]:
        """The value at which the score is furthest from the unchanged photo's, and how far it has moved."""
        moves = [score - self.unchanged for score in self.scores]
        furthest = max(range(len(moves)), key=lambda index: abs(moves[index]))
        return self.values[furthest], moves[furthest]

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain data, ready for JSON."""
        return asdict(self)


def crop(photo: Image.Image, percent: float) -> Image.Image:
    """The middle of a photo: so many percent of its width and height cut off, half at each border; 1 px is left."""
    left, top = (int(side * percent / 200) for side in photo.size)
    return photo.crop((left, top, photo.width - left, photo.height - top))


def resize(photo: Image.Image, factor: float) -> Image.Image:
    """A photo with sides so many times as long (Lanczos)."""
    width, height = (max(1, round(side * factor)) for side in photo.size)
    return photo if factor == 1 else photo.resize((width, height), Image.Resampling.LANCZOS)


def compress(photo: Image.Image, quality: float) -> Image.Image:
    """A photo as JPEG of that quality keeps it, with Pillow's usual chroma subsampling."""
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=int(quality))
    return Image.open(file).convert("RGB")


def rotate(photo: Image.Image, degrees: float) -> Image.Image:
    """A photo turned to the left: by quarter turns exactly, else bicubic and cut to the largest rectangle within."""
    if degrees % 90 == 0:
        quarter = QUARTERS.get(int(degrees) % 360)
        return photo if quarter is None else photo.transpose(quarter)
    framed = np.pad(np.asarray(photo), ((BORDER_PX, BORDER_PX), (BORDER_PX, BORDER_PX), (0, 0)), "edge")
    turned = Image.fromarray(framed).rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    width, height = (max(1, int(side)) for side in largest_inside(*photo.size, degrees))
    left, top = (turned.width - width) // 2, (turned.height - height) // 2
    return turned.crop((left, top, left + width, top + height))


def largest_inside(width: float, height: float, degrees: float) -> tuple[float, float]:
    """Width and height of the upright rectangle of largest area within a rectangle that is turned about its middle.

    Either two of its corners touch the longer sides (a thin rectangle, or one turned far), or all four touch.
    """
    sine, cosine = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    longer, shorter = max(width, height), min(width, height)
    if shorter <= 2 * sine * cosine * longer or math.isclose(sine, cosine):
        along, across = shorter / 2 / sine, shorter / 2 / cosine
        return (along, across) if width >= height else (across, along)
    spread = cosine**2 - sine**2
    return (width * cosine - height * sine) / spread, (height * cosine - width * sine) / spread


class Change(NamedTuple):
    """One way to change a photo; `nothing` is the value that leaves it as it is."""

    label: str
    values: tuple[float, ...]
    make: Callable[[Image.Image, float], Image.Image]
    nothing: float | None = None


CHANGES: Final = MappingProxyType(
    {
        "crop": Change("borders cut off, % of each side", (0, 5, 10, 15, 20, 25, 30), crop, 0),
        "resize": Change("size, times the sides", (1, 0.75, 0.5, 0.35, 0.25), resize, 1),
        "jpeg": Change("JPEG quality", (100, 90, 80, 70, 60, 50, 40, 30, 20, 10), compress),
        "rotate": Change("rotation to the left, degrees", (-10, -5, -2, 0, 2, 5, 10, 90, 180, 270), rotate, 0),
    }
)


def sensitivity(scorer: Scorer, image: Any, changes: Sequence[str] = tuple(CHANGES)) -> list[Curve]:
    """A curve for each change of a photo.

    Args:
        image: uint8 `(H, W, 3)` sRGB, or what else `musiq.image.load_image` takes.
        changes: keys of `CHANGES`.

    Raises:
        ImageError: the photo, or what becomes of it, cannot be scored.
    """
    pixels = load_image(image).pixels
    unchanged = scorer.score(pixels).mos
    results = scorer.score_many(_changed(Image.fromarray(pixels), changes))
    curves = []
    for name in changes:
        label, values, _, nothing = CHANGES[name]
        scores = tuple(unchanged if value == nothing else _mos(next(results)) for value in values)
        curves.append(Curve(name, label, values, scores, unchanged))
    return curves


def _changed(photo: Image.Image, changes: Sequence[str]) -> Iterator[np.ndarray[Any, np.dtype[np.uint8]]]:
    for name in changes:
        for value in CHANGES[name].values:
            if value != CHANGES[name].nothing:
                yield np.asarray(CHANGES[name].make(photo, value))


def _mos(result: Any) -> float:
    if isinstance(result, ImageError):
        raise result
    return float(result.mos)
