"""A folder of photos without ratings, for pre-training: everything below it that Pillow reads by its suffix."""

from pathlib import Path

from musiq.data.record import DataSet, Record
from musiq.errors import DataError
from musiq.image import image_suffixes

NAME = "photos"


def read(folder: Path) -> DataSet:
    """The photos in the order of their paths, unrated, without a split.

    Raises:
        DataError: the folder is missing or holds no image.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder of photos")
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in image_suffixes() and path.is_file()]
    if not paths:
        raise DataError(f"{folder}: holds no image")
    return DataSet(NAME, tuple(Record(path, path.relative_to(folder).as_posix()) for path in paths))
