"""Which images are trained on, which choose the weights, and which are kept for the test.

A data set that names the split of any image is taken at its word. Of the others, a published one is split at random, by
seed, into 80 % training and 20 % test, as the papers do where there is no official split; a user's own CSV
(`published_images` is None) becomes training as a whole, for its owner said nothing of a test. Validation, where nobody
named it, is a tenth of the training images. All of it moves whole groups.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from musiq.data.record import DataSet, Record
from musiq.errors import DataError

Shares = tuple[float, float, float]
PUBLISHED_SHARES: Shares = (0.8, 0.0, 0.2)
OWN_SHARES: Shares = (1.0, 0.0, 0.0)
VALIDATION_SHARE = 0.1


def assign_splits(
    data: DataSet, seed: int, shares: Shares | None = None, alike: Sequence[Hashable] | None = None
) -> DataSet:
    """The set with a split for every image: its own where it names any, a random one elsewhere.

    The same set, seed and shares give the same split on every machine. Whole groups move, so that the shares are met
    from above for test and validation.

    Args:
        data: the set.
        seed: of the random choice.
        shares: of train, val and test; 0.8, 0, 0.2 for a published set and 1, 0, 0 for a user's own CSV if None.
        alike: one label per image; images with equal labels, near-duplicates say, stay together like those of a group.

    Raises:
        ValueError: the shares are no shares.
    """
    if any(record.split for record in data.records):
        return data
    if shares is None:
        shares = OWN_SHARES if data.published_images is None else PUBLISHED_SHARES
    if min(shares) < 0 or not math.isclose(sum(shares), 1):
        raise ValueError(f"shares {shares} of train, val and test must not be negative and sum to 1")
    groups = group_numbers(data.records, alike)
    names = np.full(len(data.records), "train", dtype="U5")
    for name, share in (("test", shares[2]), ("val", shares[1])):
        names[_choose(groups, names == "train", round(share * len(names)), seed)] = name
    records = (replace(record, split=str(name)) for record, name in zip(data.records, names, strict=True))
    return replace(data, records=tuple(records))


def train_and_validation(data: DataSet, seed: int) -> tuple[list[Record], list[Record]]:
    """The records of split `train` and `val`, after `assign_splits`; where there is no val, a tenth of train validates.

    The tenth is chosen by seed and consists of whole groups. Records of any other split are left out of both.

    Raises:
        DataError: fewer than 1 training or 2 validation images.
    """
    records = assign_splits(data, seed).records
    train, val = ([record for record in records if record.split == name] for name in ("train", "val"))
    if not val:
        least = max(2, round(VALIDATION_SHARE * len(train)))
        held = _choose(group_numbers(train), np.ones(len(train), bool), least, seed)
        train, val = ([r for r, is_held in zip(train, held, strict=True) if is_held == wanted] for wanted in (0, 1))
    if not train or len(val) < 2:
        raise DataError(f"{data.name}: {len(train)} training and {len(val)} validation images; needs at least 1 and 2")
    return train, val


def _choose(groups: NDArray[np.intp], free: NDArray[np.bool_], least: int, seed: int) -> NDArray[np.bool_]:
    """Which images to take so that whole groups of the `free` ones are taken, bool like `free`."""
    numbers = np.unique(groups[free], return_inverse=True)[1]
    chosen = free.copy()
    chosen[free] = np.isin(numbers, list(choose_groups(numbers, least, seed)))
    return chosen


def choose_groups(groups: NDArray, least: int, seed: int) -> set[int]:
    """Whole groups, at random, until they hold at least `least` images.

    Args:
        groups: group number of each image, from 0.
        least: so many images, unless there are fewer.
        seed: of the random choice.
    """
    sizes, chosen, images = np.bincount(groups), set[int](), 0
    for group in np.random.default_rng(seed).permutation(len(sizes)):
        if images >= least:
            break
        chosen.add(int(group))
        images += int(sizes[group])
    return chosen


def group_numbers(records: Sequence[Record], alike: Sequence[Hashable] | None = None) -> NDArray[np.intp]:
    """Number of each record's group, from 0 in the order of first appearance; a record without group is its own.

    Records that share a group or a label in `alike` have the same number, and so have chains of such records.
    """
    parent = list(range(len(records)))

    def root(index: int) -> int:
        while parent[index] != index:
            index = parent[index]
        return index

    labellings: list[Sequence[Hashable]] = [[record.group or index for index, record in enumerate(records)]]
    for labels in labellings + ([] if alike is None else [alike]):
        first = dict[Hashable, int]()
        for index, label in enumerate(labels):
            older, newer = sorted((root(first.setdefault(label, index)), root(index)))
            parent[newer] = older
    return np.unique([root(index) for index in range(len(records))], return_inverse=True)[1]
