"""Which rated images are trained on and which choose the weights."""

from pathlib import Path

import numpy as np

from musiq.data.csv import Record, read_records
from musiq.errors import DataError

VALIDATION_SHARE = 0.1


def train_and_validation(table: Path, images: Path, seed: int) -> tuple[list[Record], list[Record]]:
    """The CSV's rows of split `train` and `val`; without a split column a tenth, chosen by seed, validates.

    Rows of any other split are left out of both.
    """
    records = read_records(table, images)
    if any(record.split for record in records):
        parts = tuple([record for record in records if record.split == name] for name in ("train", "val"))
    else:
        order = np.random.default_rng(seed).permutation(len(records))
        held = set(order[: max(2, round(VALIDATION_SHARE * len(records)))].tolist())
        parts = tuple([r for i, r in enumerate(records) if (i in held) == wanted] for wanted in (False, True))
    train, val = parts
    if not train or len(val) < 2:
        raise DataError(f"{table}: {len(train)} training and {len(val)} validation images; needs at least 1 and 2")
    return train, val
