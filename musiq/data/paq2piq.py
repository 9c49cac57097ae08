"""PaQ-2-PiQ, also called FLIVE: 39,810 pictures of the web. Their patches are left out.

    FOLDER/
        labels_image.csv           name, mos                      all images
        labels640.csv              name_image, ...                the test images
        labels=640_padded.csv      name_image, is_valid, ...      the others; is_valid True for validation
        database/                  the images, under the names that labels_image.csv gives them:
            blur_dataset/, voc_emotic_ava/, EE371R/

The three CSVs may also lie in database/, as in the authors' repository (baidut/PaQ-2-PiQ). The images come from other
data sets; the authors' notebook database_prep.ipynb gathers them.

Seen in that repository: the columns of labels_image.csv and labels640.csv, names such as
`blur_dataset/motion0044.jpg`, mos to 0..100, and in labels640.csv only images with a longer side above 640 pixels.
Not seen: labels=640_padded.csv (its columns are those that others' readers use) and the numbers of the split; 1,813
test, 7,744 validation and 30,253 training images are what is reported for it.
"""

from pathlib import Path

from musiq.data.record import DataSet, Record
from musiq.data.table import locate, read_table

IMAGES, LOW, HIGH = 39_810, 0.0, 100.0
SPLIT = "train, val, test by two lists"
IS_VALID = {"True": "val", "False": "train"}


def read(folder: Path) -> DataSet:
    """The whole images with the official split; an image that no list names has none.

    Raises:
        DataError: names the file, row and column at fault.
    """
    splits = _splits(folder)
    rows = read_table(_labels(folder, "labels_image.csv"), ("name", "mos"))
    records = tuple(
        Record(image, row.text("name"), row.number("mos", LOW, HIGH), splits.get(row.text("name"), ""))
        for row, image in locate(rows, "name", folder / "database")
    )
    return DataSet("paq2piq", records, LOW, HIGH, IMAGES)


def _splits(folder: Path) -> dict[str, str]:
    """Split by image name."""
    others = read_table(_labels(folder, "labels=640_padded.csv"), ("name_image", "is_valid"))
    splits = {row.text("name_image"): IS_VALID[row.choice("is_valid", IS_VALID)] for row in others}
    large = read_table(_labels(folder, "labels640.csv"), ("name_image",))
    return splits | {row.text("name_image"): "test" for row in large}


def _labels(folder: Path, name: str) -> Path:
    below = folder / "database" / name
    return below if below.is_file() else folder / name
