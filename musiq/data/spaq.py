"""SPAQ: 11,125 photos from smartphones.

    FOLDER/
        Annotations/MOS and Image attribute scores.xlsx   Image name, MOS, Brightness, ...; or the same saved as .csv
        TestImage/                                        all images, for training as well

MOS lies on 0..100, higher is better. There is no official split: the authors' paper holds out a random 20 %, and their
list is not published (h4nwei/SPAQ, issues 26 and 31). The photos are large; the paper reduces them to a shorter side of
512 pixels, and so does `spaq-512`.
"""

from pathlib import Path

from musiq.data.record import DataSet, Record
from musiq.data.table import locate, read_table

IMAGES, LOW, HIGH = 11_125, 0.0, 100.0
SPLIT = "none"
TABLE = Path("Annotations", "MOS and Image attribute scores.xlsx")
SHORTER_SIDE_PX = 512


def read(folder: Path) -> DataSet:
    """The set with images as they are.

    Raises:
        DataError: names the file, row and column at fault.
    """
    return _read(folder, "spaq", None)


def read_512(folder: Path) -> DataSet:
    """The set with images that are reduced to a shorter side of 512 pixels when they are decoded.

    Raises:
        DataError: names the file, row and column at fault.
    """
    return _read(folder, "spaq-512", SHORTER_SIDE_PX)


def _read(folder: Path, name: str, shorter_side_px: int | None) -> DataSet:
    as_csv = (folder / TABLE).with_suffix(".csv")
    rows = read_table(as_csv if as_csv.is_file() else folder / TABLE, ("Image name", "MOS"))
    records = tuple(
        Record(image, row.text("Image name"), row.number("MOS", LOW, HIGH), shorter_side_px=shorter_side_px)
        for row, image in locate(rows, "Image name", folder / "TestImage")
    )
    return DataSet(name, records, LOW, HIGH, IMAGES)
