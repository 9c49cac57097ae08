"""BIQ2021: 12,000 photos.

    FOLDER/
        Train (Images and MOS).csv    Image Name, MOS and two empty columns; 10,000 rows
        Test (Images and MOS).csv     Image Name, MOS; 2,000 rows
        Images/

MOS lies on 0..1, higher is better. Checked against the published files; there a name and its file differ once in the
case of the suffix.
"""

from pathlib import Path

from musiq.data.record import DataSet, Record
from musiq.data.table import locate, read_table

IMAGES, LOW, HIGH = 12_000, 0.0, 1.0
SPLIT = "10,000 train, 2,000 test"
TABLES = {"Train (Images and MOS).csv": "train", "Test (Images and MOS).csv": "test"}


def read(folder: Path) -> DataSet:
    """The set with its official training and test images.

    Raises:
        DataError: names the file, row and column at fault.
    """
    parts = [(row, split) for name, split in TABLES.items() for row in read_table(folder / name, ("Image Name", "MOS"))]
    located = locate([row for row, _ in parts], "Image Name", folder / "Images")
    records = tuple(
        Record(image, row.text("Image Name"), row.number("MOS", LOW, HIGH), split)
        for (row, image), (_, split) in zip(located, parts, strict=True)
    )
    return DataSet("biq2021", records, LOW, HIGH, IMAGES)
