"""Splits BIQ2021's training images into training and validation, near-duplicates together.

    python tools/split_biq2021.py biq2021.csv IMAGES OUT.csv

The input has the columns image, mos, official_split, near_duplicate_of_train. The output has image, mos, split
(train, val, test, or test-near for test images that are near-duplicates of training images). Groups of
near-duplicates (perceptual hash, union of all pairs within the distance) go to validation whole, chosen by seed.
"""

import argparse
import csv
import os
from pathlib import Path

from musiq.data.csv import read_csv
from musiq.data.duplicates import NEAR_BITS, duplicate_groups, perceptual_hashes
from musiq.data.split import choose_groups


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--validation", type=int, default=600, help="at least so many images")
    parser.add_argument(
        "--distance", type=int, default=NEAR_BITS, help="bits within which two images are near-duplicates"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with open(options.table, newline="") as file:
        facts = {row["image"]: row for row in csv.DictReader(file)}
    records = read_csv(options.table, options.images).records
    train = [record for record in records if facts[record.name]["official_split"] == "train"]
    hashes = perceptual_hashes([record.image for record in train], os.cpu_count() or 1)
    groups = duplicate_groups(hashes, options.distance)
    chosen = choose_groups(groups, options.validation, options.seed)
    val = {record.name for record, group in zip(train, groups, strict=True) if int(group) in chosen}
    with open(options.out, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image", "mos", "split"])
        for record in records:
            near = facts[record.name]["near_duplicate_of_train"] == "1"
            split = "val" if record.name in val else facts[record.name]["official_split"]
            writer.writerow([record.name, record.mos, "test-near" if split == "test" and near else split])
    print(f"{len(train) - len(val)} train, {len(val)} val in {len(chosen)} of {groups.max() + 1} groups")


if __name__ == "__main__":
    main()
