"""Frames of a clip as images."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musiq.errors import ImageError, MusiqError
from musiq.image import MAX_PIXELS
from musiq.inputs.item import portable
from musiq.video.clip import Clip, Shown, open_clip
from musiq.video.moments import Moments, check_sampling, choose_moments
from musiq.video.opening import measured_s
from musiq.video.pixels import to_rgb


@dataclass(frozen=True)
class Frame:
    """One frame as an image.

    Attributes:
        time_s: from when on it is shown, in seconds after the clip's first frame.
        pixels: uint8 `(H, W, 3)` sRGB, upright, with square pixels.
        notes: what was done to it, or was not.
    """

    time_s: float
    pixels: NDArray[np.uint8]
    notes: tuple[str, ...] = ()


def frames(
    path: str | os.PathLike[str],
    every_s: float = 1.0,
    *,
    count: int | None = None,
    max_frames: int | None = None,
    max_pixels: int | None = MAX_PIXELS,
) -> Iterator[Frame]:
    """Frames of a clip, in order and each once, decoded when they are asked for; the clip may be of any length.

    Args:
        every_s: those that are shown 0, `every_s`, 2 * `every_s`... seconds after the first.
        count: not these, but so many spread evenly: those in the middle of `count` equal parts of the clip.
        max_frames: at most; where `every_s` would give more, so many are spread evenly.
        max_pixels: largest H * W accepted, None for no limit.

    Raises:
        ImageError: the clip cannot be read, or is larger than the limit. Where it is damaged or cut off, this comes
            last, after the frames that can be decoded; a few next to the damage may be missing, as several are
            decoded at a time.
        MissingExtraError: PyAV is not installed.
        ValueError: a number that is not above 0.
    """
    check_sampling(every_s, count, max_frames)
    return _frames(Path(path), every_s, count, max_frames, max_pixels)


def expected_frames(
    path: str | os.PathLike[str],
    every_s: float = 1.0,
    *,
    count: int | None = None,
    max_frames: int | None = None,
    max_pixels: int | None = MAX_PIXELS,
) -> int:
    """About how many frames `frames` will give, by the header where that tells the duration; raises what that does."""
    check_sampling(every_s, count, max_frames)
    with _naming(Path(path)), open_clip(Path(path), max_pixels) as clip:
        duration_s = _duration_s(clip, Path(path))
        return choose_moments(duration_s, every_s, count, max_frames).before(duration_s)


def _frames(
    path: Path, every_s: float, count: int | None, max_frames: int | None, max_pixels: int | None
) -> Iterator[Frame]:
    with _naming(path), open_clip(path, max_pixels) as clip:
        duration_s = 0.0 if count is None and max_frames is None else _duration_s(clip, path)
        uncounted = ("times counted at the frame rate",) if clip.counted else ()
        for shown in _shown(clip, choose_moments(duration_s, every_s, count, max_frames)):
            pixels, notes = to_rgb(shown.picture, clip.aspect, clip.matrix, max_pixels)
            yield Frame(clip.seconds(shown), pixels, (*uncounted, *notes))
        clip.reader.check()


def _duration_s(clip: Clip, path: Path) -> float:
    return clip.duration_s or measured_s(path, counted=clip.counted)


def _shown(clip: Clip, moments: Moments) -> Iterator[Shown]:
    """The frames that are shown at these moments, each once."""
    index, last = 0, None
    while index < moments.count and (shown := clip.at(clip.tick(moments.time_s(index)))):
        if shown.tick != last:
            yield shown
        if clip.next_s is None:
            return
        index, last = max(index + 1, moments.index(clip.next_s)), shown.tick


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Errors that name the clip, and none but ours: hostile files raise nearly anything."""
    name = portable(str(path))
    try:
        yield
    except ImageError as error:
        raise ImageError(f"{name}: {error}", error.kind) from error
    except MusiqError:
        raise
    except MemoryError as error:
        raise ImageError(f"{name}: not enough memory to decode it", "memory") from error
    except Exception as error:
        raise ImageError(f"{name}: {type(error).__name__}: {error}", "damaged") from error
