"""ImageNet's layout: a folder of images per class. Serves ILSVRC 2012 and anything that is laid out like it.

    FOLDER/
        train/<class>/*.JPEG
        val/<class>/*.JPEG      optional; the same classes, or fewer

A class's index is the place of its name among the sorted names of train/. Whatever Pillow reads by its suffix counts as
an image. ILSVRC 2012 has 1,281,167 training and 50,000 validation images of 1,000 classes; its validation images come
in one folder and have to be sorted into classes first. Its test labels are not published.
"""

from collections.abc import Sequence
from pathlib import Path

from musiq.data.record import DataSet, Record
from musiq.errors import DataError
from musiq.image import image_suffixes

PUBLISHED = {"train": 1_281_167, "val": 50_000}
IMAGES = sum(PUBLISHED.values())
SPLIT = "1,281,167 train, 50,000 val"


def read(folder: Path) -> DataSet:
    """The images with the index of their class; no ratings.

    Raises:
        DataError: train/ is missing, a class is empty, or val/ has a class that train/ lacks.
    """
    classes = _folders(folder / "train")
    splits = ["train", "val"] if (folder / "val").is_dir() else ["train"]
    records = tuple(record for split in splits for record in _records(folder, split, classes))
    return DataSet(
        "imagenet", records, published_images=sum(PUBLISHED[split] for split in splits), classes=tuple(classes)
    )


def _folders(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder of classes")
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    if not names:
        raise DataError(f"{folder}: holds no folder, so no class")
    return names


def _records(folder: Path, split: str, classes: Sequence[str]) -> list[Record]:
    labels = {name: label for label, name in enumerate(classes)}
    records = []
    for name in _folders(folder / split):
        if name not in labels:
            raise DataError(f"{folder / split / name}: train/ has no class {name!r}")
        images = [path for path in sorted((folder / split / name).iterdir()) if path.suffix.lower() in image_suffixes()]
        if not images:
            raise DataError(f"{folder / split / name}: holds no image")
        records += [Record(path, f"{split}/{name}/{path.name}", split=split, label=labels[name]) for path in images]
    return records
