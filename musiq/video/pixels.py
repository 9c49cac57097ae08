"""A decoded frame -> uint8 `(H, W, 3)` sRGB, and a record of what was done to it.

Colour matrix and range are those that the frame states; a matrix that is not stated is BT.709 from 720 rows on and
BT.601 below, as players take it. Transfer and primaries of BT.601 and BT.709 are taken for those of sRGB, as players
do too. Then pixels are made square, by enlarging, and the picture is turned upright.
"""

import struct
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from musiq.errors import ImageError

if TYPE_CHECKING:
    from av import VideoFrame

UNSTATED_MATRIX = 2  # these numbers are those of ITU-T H.273
BT709_ROWS = 720
Matrix = tuple[int, int, int, int]
HDR = {16: "PQ", 18: "HLG"}
WIDE = {9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}


def display_matrix(picture: "VideoFrame") -> Matrix | None:
    """`(a, b, c, d)`: what is at `(x, y)` belongs at `(a x + c y, b x + d y)`. None where it stays.

    It is read off a copy of one pixel: a frame that was asked for it stays in memory until garbage is collected.
    """
    copy = picture.reformat(1, 1, "rgb24", interpolation="POINT", threads=1)
    if (data := cast(Any, copy.side_data.get("DISPLAYMATRIX"))) is None:
        return None
    a, b, _, c, d, *_ = struct.unpack("9i", bytes(data))
    return None if min(a, d) > max(abs(b), abs(c)) else (a, b, c, d)


def to_rgb(
    picture: "VideoFrame", aspect: Fraction, matrix: Matrix | None, max_pixels: int | None
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """The picture as it is seen, and notes of what was done, or was not done, to it.

    Args:
        aspect: width of a pixel by its height.
        matrix: as `display_matrix` gives it.
        max_pixels: largest H * W accepted, None for no limit.

    Raises:
        ImageError: it is larger, or its colours cannot be converted.
    """
    import av
    from av.video.reformatter import Interpolation

    width, height = _square(picture.width, picture.height, aspect)
    if max_pixels is not None and width * height > max_pixels:
        raise ImageError(f"{width} x {height} pixels exceed the limit of {max_pixels:,}", "too-large")
    assumed = picture.colorspace == UNSTATED_MATRIX and picture.height >= BT709_ROWS and not picture.format.is_rgb
    exact = Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
    try:
        space = "ITU709" if assumed else None
        converted = picture.reformat(width, height, "rgb24", space, interpolation=exact, threads=1)
    except av.FFmpegError as error:
        raise ImageError(f"its colours cannot be converted: {error.strerror}", "not-an-image") from error
    notes = _notes(picture)
    if (width, height) != (picture.width, picture.height):
        notes.append(f"pixels of {aspect.numerator}:{aspect.denominator} made square")
    pixels = np.ascontiguousarray(converted.to_ndarray(), np.uint8)
    if matrix is not None:
        notes.append("display matrix applied")
        pixels = _upright(pixels, matrix)
    return pixels, tuple(notes)


def _square(width: int, height: int, aspect: Fraction) -> tuple[int, int]:
    return (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))


def _upright(pixels: NDArray[np.uint8], matrix: Matrix) -> NDArray[np.uint8]:
    """The picture turned and mirrored, by the nearest quarter turn."""
    a, b, c, d = matrix
    if abs(a) + abs(d) < abs(b) + abs(c):
        pixels, a, d = pixels.transpose(1, 0, 2), c, b
    return np.ascontiguousarray(pixels[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])


def _notes(picture: "VideoFrame") -> list[str]:
    bits = max(part.bits for part in picture.format.components)
    told = {
        f"{bits} bits scaled to 8": bits > 8,
        f"HDR ({HDR.get(picture.color_trc)}) not tone-mapped": picture.color_trc in HDR,
        f"{WIDE.get(picture.color_primaries)} colours not converted": picture.color_primaries in WIDE,
        "interlaced": picture.interlaced_frame,
        "alpha ignored": any(part.is_alpha for part in picture.format.components),
    }
    return [note for note, holds in told.items() if holds]
