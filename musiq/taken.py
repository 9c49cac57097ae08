"""When a photo was taken, from its EXIF data."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from musiq.image import open_image

_EXIF, _TIME, _FRACTION = 0x8769, 0x9003, 0x9291  # IFD, DateTimeOriginal, SubSecTimeOriginal


def time_taken(source: Any) -> float | None:
    """Seconds on the camera's clock when the photo was taken; None where its EXIF data does not say.

    Args:
        source: a path, encoded bytes or a binary file.
    """
    with suppress(Exception), open_image(source) as image:  # whatever is wrong with it, there is no time
        exif = image.getexif().get_ifd(_EXIF)
        time = datetime.strptime(_text(exif[_TIME]), "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
        fraction = _text(exif.get(_FRACTION, ""))
        return time.timestamp() + (float(f"0.{fraction}") if fraction.isdecimal() else 0)
    return None


def _text(value: object) -> str:
    return str(value).strip("\0 ")
