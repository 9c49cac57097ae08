from dataclasses import replace
from pathlib import Path

import pytest

from musiq.data.check import describe, find_faults
from musiq.data.record import DataSet, Record
from tests.data import miniatures


@pytest.fixture
def data(tmp_path):
    for index in range(3):
        miniatures.save(tmp_path / f"{index}.jpg", index, 1)
    parts = zip(
        ("train", "val", "test"), (2.0, 3.0, 4.5), ((1, 0, 1, 0, 0), (1, 0, 0, 0, 1), (0, 0, 0, 1, 1)), strict=True
    )
    records = (
        Record(tmp_path / f"{i}.jpg", f"{i}.jpg", mos, split, 0.5, tuple(map(float, histogram)), f"g{i}")
        for i, (split, mos, histogram) in enumerate(parts)
    )
    return DataSet("small", tuple(records), 1, 5, 3)


def change(data, index, **facts):
    records = list(data.records)
    records[index] = replace(records[index], **facts)
    return replace(data, records=tuple(records))


def test_a_whole_set_has_facts_and_no_faults(data):
    assert find_faults(data, decode=True, workers=0) == []
    assert describe(data) == {
        "images": "3 of 3 published",
        "splits": "test 1, train 1, val 1",
        "classes": "no",
        "scale": "1..5",
        "MOS found": "2..4.5, mean 3.167",
        "spread": "yes",
        "histogram": "5 values",
        "groups": "3",
        "reduced to": "no",
    }


def test_facts_of_a_bare_csv():
    bare = DataSet("rated.csv", (Record(Path("a"), "a", 1.0, shorter_side_px=512),))
    assert describe(bare) == {
        "images": "1",
        "splits": "(none) 1",
        "classes": "no",
        "scale": "not known",
        "MOS found": "1..1, mean 1",
        "spread": "no",
        "histogram": "no",
        "groups": "no",
        "reduced to": "shorter side 512 px",
    }
    assert find_faults(bare) == []


@pytest.mark.parametrize(
    ("index", "facts", "fault"),
    [
        (1, {"mos": 5.5, "histogram": None}, "small, image 2 ('1.jpg'): mos 5.5 is outside 1..5"),
        (1, {"mos": 0.9, "histogram": None}, "small, image 2 ('1.jpg'): mos 0.9 is outside 1..5"),
        (1, {"mos": float("nan")}, "small, image 2 ('1.jpg'): mos nan is outside 1..5"),
        (0, {"name": "2.jpg"}, "small: image '2.jpg' stands in 2 rows"),
        (2, {"split": ""}, "small: 1 of 3 images have no split, '2.jpg' is one of them"),
        (2, {"group": "g0"}, "small: group 'g0' stands in the splits test, train"),
        (2, {"mos": 1.5}, "small: image '2.jpg' has mos 1.5, but its histogram's mean is 4.5"),
    ],
)
def test_each_fault_is_named(data, index, facts, fault):
    assert find_faults(change(data, index, **facts)) == [fault]


def test_a_wrong_count_names_both(data):
    wrong = replace(data, published_images=10073)
    assert find_faults(wrong) == ["small: 3 images; its authors published 10,073"]


def test_a_file_of_two_rows_is_named(data):
    (fault,) = find_faults(change(data, 1, image=data.records[0].image))
    assert fault == f"small: 2 rows name the file {data.records[0].image}"


@pytest.mark.parametrize("workers", [0, 1])
def test_broken_images_are_named_when_decoded(data, workers):
    broken = data.records[1].image
    broken.write_bytes(broken.read_bytes()[:200])
    assert find_faults(data) == []
    (fault,) = find_faults(data, decode=True, workers=workers)
    assert str(broken) in fault
