"""Splits BIQ2021's training images into training and validation, near-duplicates together.

    python tools/split_biq2021.py biq2021.csv IMAGES OUT.csv

The input has the columns image, mos, official_split, near_duplicate_of_train. The output has image, mos, split
(train, val, test, or test-near for test images that are near-duplicates of training images). Groups of
near-duplicates (perceptual hash, union of all pairs within the distance) go to validation whole, chosen by seed.
"""

import argparse
import csv
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from musiq.data import read_records

BITS = 64


def perceptual_hash(path: Path) -> np.ndarray:
    """64 bits that hardly change under re-compression and resizing, as bool `(64,)`."""
    with Image.open(path) as image:
        return imagehash.phash(image.convert("RGB")).hash.reshape(-1)


def duplicate_groups(hashes: np.ndarray, distance: int) -> np.ndarray:
    """Group number of each of N hashes `(N, 64)`: the connected components of pairs within `distance` bits."""
    signs = np.where(hashes, 1.0, -1.0).astype(np.float32)
    rows, columns = [], []
    for start in range(0, len(signs), 1000):
        bits_apart = (BITS - signs[start : start + 1000] @ signs.T) / 2
        row, column = np.nonzero(bits_apart <= distance)
        rows.append(row + start)
        columns.append(column)
    row, column = np.concatenate(rows), np.concatenate(columns)
    graph = coo_matrix((np.ones(len(row)), (row, column)), shape=(len(signs), len(signs)))
    return connected_components(graph, directed=False)[1]


def choose_groups(groups: np.ndarray, least: int, seed: int) -> set[int]:
    """Whole groups, at random, until they hold at least `least` images."""
    sizes, chosen, images = np.bincount(groups), set[int](), 0
    for group in np.random.default_rng(seed).permutation(len(sizes)):
        if images >= least:
            break
        chosen.add(int(group))
        images += int(sizes[group])
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--validation", type=int, default=600, help="at least so many images")
    parser.add_argument("--distance", type=int, default=10, help="bits within which two images are near-duplicates")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with open(options.table, newline="") as file:
        facts = {row["image"]: row for row in csv.DictReader(file)}
    records = read_records(options.table, options.images)
    train = [record for record in records if facts[record.name]["official_split"] == "train"]
    with ProcessPoolExecutor() as pool:
        hashes = np.stack(list(pool.map(perceptual_hash, [record.image for record in train], chunksize=50)))
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
