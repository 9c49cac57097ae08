"""KADID-10k: 81 photos, each distorted in 25 ways and 5 strengths: 10,125 images.

    FOLDER/
        dmos.csv      dist_img, ref_img, dmos, var
        images/       the distorted images and their originals; only the distorted ones are read

`dmos` lies on 1..5 and, despite its name, higher is better (the project's page says so). `var` is read as the standard
deviation of the ratings, despite its name: of the rows that others quote, dmos 4.57 with var 0.496 and 4.33 with 0.869
are what thirty ratings give as deviations (17 fives and 13 fours, the first), and no thirty ratings give both as
variances. All images of one original form a `group` and stay in one split; there is no official split.
"""

from pathlib import Path

from musiq.data.record import DataSet, Record
from musiq.data.table import locate, read_table

IMAGES, LOW, HIGH = 10_125, 1.0, 5.0
SPLIT = "none; an original's 125 images stay together"


def read(folder: Path) -> DataSet:
    """The distorted images.

    Raises:
        DataError: names the file, row and column at fault.
    """
    rows = read_table(folder / "dmos.csv", ("dist_img", "ref_img", "dmos", "var"))
    records = tuple(
        Record(
            image=image,
            name=row.text("dist_img"),
            mos=row.number("dmos", LOW, HIGH),
            spread=row.number("var", low=0),
            group=row.text("ref_img"),
        )
        for row, image in locate(rows, "dist_img", folder / "images")
    )
    return DataSet("kadid10k", records, LOW, HIGH, IMAGES)
