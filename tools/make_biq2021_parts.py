"""Makes two data sets with scales of their own out of BIQ2021, to try training on both at once.

    python tools/make_biq2021_parts.py biq.csv OUT_FOLDER

`biq.csv` is what tools/split_biq2021.py writes. OUT_FOLDER/mild.csv holds 3,000 training and 300 validation images with
their MOS of 0..1; OUT_FOLDER/severe.csv as many others with 1 + 4 * MOS ** 2, a severer study on a scale of 1..5. Both
are drawn by seed; no test image is in either.
"""

import argparse
import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np

TRAIN, VAL = 3000, 300
SCALES: dict[str, Callable[[float], float]] = {"mild": lambda mos: mos, "severe": lambda mos: 1 + 4 * mos**2}


def draw_parts(rows: list[dict[str, str]], seed: int) -> list[list[dict[str, str]]]:
    """Rows of each part: its share of the training and of the validation images, none in both."""
    rng = np.random.default_rng(seed)
    parts: list[list[dict[str, str]]] = [[] for _ in SCALES]
    for split, count in (("train", TRAIN), ("val", VAL)):
        found = [row for row in rows if row["split"] == split]
        order = rng.permutation(len(found))
        for index, part in enumerate(parts):
            part += [found[place] for place in order[index * count : (index + 1) * count]]
    return parts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with open(options.table, newline="") as file:
        rows = list(csv.DictReader(file))
    options.out.mkdir(parents=True, exist_ok=True)
    for (name, scale), part in zip(SCALES.items(), draw_parts(rows, options.seed), strict=True):
        with open(options.out / f"{name}.csv", "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["image", "mos", "split"])
            writer.writerows([row["image"], f"{scale(float(row['mos'])):.6g}", row["split"]] for row in part)


if __name__ == "__main__":
    main()
