"""What a data set is made of: rated images, and facts about the whole."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from musiq.errors import DataError, ImageError
from musiq.image import load_image


@dataclass(frozen=True)
class Record:
    """One image and what people said of it.

    Attributes:
        image: path of the file.
        name: the data set's own name for it, unique within the set.
        mos: mean opinion score in the set's units; NaN where the set has classes instead.
        split: `train`, `val`, `test` or whatever the set says; empty when it says nothing.
        spread: standard deviation of the ratings, in the set's units; None when unknown.
        histogram: how many ratings (or which share of them) each value got, worst first; None when unknown.
        group: images of one group stay in one split, distorted copies of one reference say; empty for none.
        label: index of its class; None for rated images.
        shorter_side_px: the image is reduced to this shorter side before use; None leaves it as it is.
        source: which of a run's data sets it comes from, in the order given.
    """

    image: Path
    name: str
    mos: float = math.nan
    split: str = ""
    spread: float | None = None
    histogram: tuple[float, ...] | None = None
    group: str = ""
    label: int | None = None
    shorter_side_px: int | None = None
    source: int = 0

    def pixels(self) -> NDArray[np.uint8]:
        """The decoded image, uint8 `(H, W, 3)` sRGB, reduced to `shorter_side_px` where the set asks for that.

        Raises:
            ImageError: the file cannot be read.
        """
        pixels = load_image(self.image).pixels
        shorter = min(pixels.shape[:2])
        if self.shorter_side_px is None or shorter <= self.shorter_side_px:
            return pixels
        image = Image.fromarray(pixels)
        size = tuple(max(1, round(side * self.shorter_side_px / shorter)) for side in image.size)
        return np.asarray(image.resize((size[0], size[1]), Image.Resampling.LANCZOS))

    def needed_pixels(self) -> NDArray[np.uint8]:
        """The same where nothing can go on without them: a `DataError` if the file cannot be read."""
        try:
            return self.pixels()
        except ImageError as error:
            raise DataError(str(error)) from error

    @property
    def version(self) -> str:
        """What the pixels depend on: the file, as it is now, and its reduction; a `DataError` if it is not there."""
        try:
            status = self.image.stat()
        except OSError as error:
            raise DataError(f"{self.image}: cannot be read: {error}") from error
        return f"{self.image.absolute()}|{status.st_size}|{status.st_mtime_ns}|{self.shorter_side_px}"


@dataclass(frozen=True)
class DataSet:
    """A data set on disk.

    Attributes:
        name: its name on the command line.
        records: its images, in the order of its files.
        low, high: ends of its rating scale, the worst and the best; both NaN where it has classes or does not say.
        published_images: how many images its authors published; None for a user's own.
        classes: names of its classes; empty for rated images.
    """

    name: str
    records: tuple[Record, ...]
    low: float = math.nan
    high: float = math.nan
    published_images: int | None = None
    classes: tuple[str, ...] = ()
