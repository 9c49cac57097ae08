from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from musiq.data.record import DataSet, Record
from musiq.data.split import assign_splits, choose_groups, group_numbers, train_and_validation
from musiq.errors import DataError


def own(count, *, splits=None, groups=None):
    """A user's CSV of so many images."""
    names = [f"{index}.png" for index in range(count)]
    splits, groups = splits or [""] * count, groups or [""] * count
    rows = zip(names, splits, groups, strict=True)
    return DataSet("rated.csv", tuple(Record(Path(n), n, 1.0, split, group=group) for n, split, group in rows))


def published(count, **facts):
    return DataSet("known", own(count, **facts).records, published_images=count)


def counts(data):
    return Counter(record.split for record in data.records)


def split_of(data):
    return [record.split for record in data.records]


def test_a_published_set_is_split_in_five():
    data = published(50)
    first = assign_splits(data, seed=0)
    assert counts(first) == {"train": 40, "test": 10}
    assert assign_splits(data, seed=0) == first
    assert assign_splits(data, seed=1) != first
    assert [record.name for record in first.records] == [record.name for record in data.records]


def test_a_csv_of_ones_own_is_training_unless_told_otherwise():
    assert counts(assign_splits(own(20), seed=0)) == {"train": 20}
    assert counts(assign_splits(own(20), seed=0, shares=(0.5, 0.2, 0.3))) == {"train": 10, "val": 4, "test": 6}


def test_a_named_split_stands():
    data = published(4, splits=["train", "", "odd", "test"])
    assert assign_splits(data, seed=0, shares=(0.5, 0.5, 0)) is data


def test_the_split_of_a_seed_never_changes():
    """Written down once: published results depend on it."""
    parts = split_of(assign_splits(published(10), seed=0))
    assert [index for index, part in enumerate(parts) if part == "test"] == [4, 6]


@pytest.mark.parametrize("seed", range(5))
def test_groups_and_what_is_alike_stay_whole(seed):
    groups = ["", "a", "a", "b", "b", "b", "", "", "c", "c"] * 3
    alike = list(range(30))
    alike[0] = alike[1]  # brings the first image to group a
    result = split_of(assign_splits(published(30, groups=groups), seed, (0.4, 0.3, 0.3), alike))
    for group in "abc":
        assert len({split for split, name in zip(result, groups, strict=True) if name == group}) == 1
    assert result[0] == result[1]
    assert set(result) == {"train", "val", "test"}


def test_numbers_of_groups_join_chains():
    records = own(6, groups=["x", "", "x", "", "y", ""]).records
    assert group_numbers(records).tolist() == [0, 1, 0, 2, 3, 4]
    assert group_numbers(records, [7, 8, 9, 8, 9, 10]).tolist() == [0, 1, 0, 1, 0, 2]  # y is alike with the second x
    chain = own(3, groups=["", "a", "a"]).records
    assert group_numbers(chain, [7, 8, 7]).tolist() == [
        0,
        0,
        0,
    ]  # the last is alike with the first and draws in its group


@pytest.mark.parametrize("shares", [(0.5, 0.2, 0.2), (1.2, -0.2, 0.0)])
def test_shares_must_be_shares(shares):
    with pytest.raises(ValueError, match="sum to 1"):
        assign_splits(published(10), 0, shares)


def test_groups_are_chosen_whole_and_sufficient():
    groups = np.array([0, 0, 0, 1, 2, 2, 3, 4])
    for seed in range(5):
        chosen = choose_groups(groups, 4, seed)
        held = np.isin(groups, list(chosen))
        assert held.sum() >= 4
        assert not set(groups[held]) & set(groups[~held])


def test_named_parts_are_taken():
    train, val = train_and_validation(own(5, splits=["val", "train", "test", "val", "test-near"]), seed=0)
    assert ([r.name for r in train], [r.name for r in val]) == (["1.png"], ["0.png", "3.png"])


def test_a_tenth_of_a_csv_validates_and_nothing_is_left_out():
    train, val = train_and_validation(own(40), seed=0)
    assert (len(train), len(val)) == (36, 4)
    assert {r.name for r in train}.isdisjoint(r.name for r in val)
    assert train_and_validation(own(40), seed=0)[1] == val
    assert train_and_validation(own(40), seed=1)[1] != val


def test_a_published_set_keeps_its_fifth_for_the_test():
    data = published(50)
    train, val = train_and_validation(data, seed=3)
    assert (len(train), len(val)) == (36, 4)
    test = {record.name for record in assign_splits(data, seed=3).records if record.split == "test"}
    assert test.isdisjoint(record.name for record in train + val)


def test_a_tenth_of_the_training_images_validates_where_no_validation_is_named():
    data = own(30, splits=["train"] * 20 + ["test"] * 10, groups=["g", "h"] * 15)
    train, val = train_and_validation(data, seed=0)
    assert (len(train), len(val)) == (10, 10)  # whole groups
    assert len({record.group for record in val}) == 1
    assert {record.split for record in train + val} == {"train"}


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (own(2, splits=["val", "train"]), r"rated\.csv: 1 training and 1 validation"),
        (own(3, splits=["test"] * 3), "0 training and 0 validation"),
        (own(3, groups=["g"] * 3), "0 training and 3 validation"),
    ],
)
def test_too_few_images_are_an_error(data, named):
    with pytest.raises(DataError, match=named):
        train_and_validation(data, seed=0)
