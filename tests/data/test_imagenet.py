import math
import shutil

import pytest

from musiq.data import imagenet
from musiq.errors import DataError
from tests.data import miniatures


@pytest.fixture
def folder(tmp_path):
    miniatures.imagenet(tmp_path)
    return tmp_path


def test_classes_are_numbered_by_name(folder):
    data = imagenet.read(folder)
    assert data.classes == ("n01440764", "n01443537", "n02102040")
    assert [(record.split, record.label) for record in data.records] == [
        *((("train", label)) for label in range(3) for _ in range(5)),
        *((("val", label)) for label in range(3) for _ in range(2)),
    ]
    record = data.records[6]
    assert record.name == "train/n01443537/n01443537_1.JPEG"
    assert record.image == folder / record.name
    assert math.isnan(record.mos)
    assert math.isnan(data.low)
    assert data.published_images == 1_331_167


def test_the_order_on_disk_does_not_matter(tmp_path):
    for name in "bdac":
        for image in "gfh":
            miniatures.save(tmp_path / "train" / name / f"{image}.jpg", 0, 1)
    data = imagenet.read(tmp_path)
    assert data.classes == ("a", "b", "c", "d")
    assert [record.name for record in data.records] == [f"train/{c}/{i}.jpg" for c in "abcd" for i in "fgh"]


def test_validation_is_optional_and_other_files_are_no_images(folder):
    shutil.rmtree(folder / "val")
    (folder / "train" / "n01440764" / "notes.txt").touch()
    miniatures.save(folder / "train" / "n01440764" / "a.png", 99, 1)
    data = imagenet.read(folder)
    assert (len(data.records), {record.split for record in data.records}) == (16, {"train"})
    assert data.published_images == 1_281_167


def test_a_class_of_validation_keeps_the_number_it_has_in_training(folder):
    shutil.rmtree(folder / "val" / "n01440764")
    assert {record.label for record in imagenet.read(folder).records if record.split == "val"} == {1, 2}


def test_faults_are_named(folder):
    (folder / "val" / "n01443537").rename(folder / "val" / "n09999999")
    with pytest.raises(DataError, match="n09999999: train/ has no class 'n09999999'"):
        imagenet.read(folder)
    (folder / "train" / "n00000000").mkdir()
    with pytest.raises(DataError, match="train/n00000000: holds no image"):
        imagenet.read(folder)
    shutil.rmtree(folder / "train")
    with pytest.raises(DataError, match="train: no such folder of classes"):
        imagenet.read(folder)
    (folder / "train").mkdir()
    with pytest.raises(DataError, match="train: holds no folder"):
        imagenet.read(folder)
