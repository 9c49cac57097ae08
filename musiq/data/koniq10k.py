"""KonIQ-10k: 10,073 photos, each rated by about a hundred people.

    FOLDER/
        koniq10k_distributions_sets.csv   image_name, c1..c5, c_total, MOS, SD, set
        1024x768/                         the images; `koniq10k` reads these
        512x384/                          the same, reduced by the authors; `koniq10k-512` reads these

The CSV stands in the authors' repository (subpic/koniq, folder metadata). Facts counted in it: 7,058 images of set
training, 1,000 validation, 2,015 test; c1..c5 are shares of the ratings 1 (bad) to 5 (excellent) and sum to 1; SD is
the standard deviation of those ratings (that of a sample), so on the scale 1..5; MOS lies in 3.9..88.4 on a scale of
0..100 and is no plain stretch of the mean rating (the best line is 27.8 * mean - 29.2, images lie up to 12 from
25 * (mean - 1)). `spread` is 25 * SD: the ratings' deviation with 1..5 stretched to 0..100.
"""

from pathlib import Path

from musiq.data.record import DataSet, Record
from musiq.data.table import Row, locate, read_table

IMAGES, LOW, HIGH = 10_073, 0.0, 100.0
SPLIT = "7,058 train, 1,000 val, 2,015 test"
TABLE = "koniq10k_distributions_sets.csv"
SHARES = ("c1", "c2", "c3", "c4", "c5")
SPLITS = {"training": "train", "validation": "val", "test": "test"}
UNITS_PER_RATING = (HIGH - LOW) / (5 - 1)


def read(folder: Path) -> DataSet:
    """The set with the images of 1024 x 768 pixels.

    Raises:
        DataError: names the file, row and column at fault.
    """
    return _read(folder, "koniq10k", "1024x768")


def read_512(folder: Path) -> DataSet:
    """The set with the images of 512 x 384 pixels.

    Raises:
        DataError: names the file, row and column at fault.
    """
    return _read(folder, "koniq10k-512", "512x384")


def _read(folder: Path, name: str, images: str) -> DataSet:
    rows = read_table(folder / TABLE, ("image_name", *SHARES, "MOS", "SD", "set"))
    located = locate(rows, "image_name", folder / images)
    return DataSet(name, tuple(_record(row, image) for row, image in located), LOW, HIGH, IMAGES)


def _record(row: Row, image: Path) -> Record:
    return Record(
        image=image,
        name=row.text("image_name"),
        mos=row.number("MOS", LOW, HIGH),
        split=SPLITS[row.choice("set", SPLITS)],
        spread=UNITS_PER_RATING * row.number("SD", low=0),
        histogram=tuple(row.number(share, 0, 1) for share in SHARES),
    )
