import pytest

from musiq.data import ava
from musiq.errors import DataError
from tests.data import miniatures

LIST = "aesthetics_image_lists/generic_test.jpgl"


@pytest.fixture
def folder(tmp_path):
    miniatures.ava(tmp_path)
    return tmp_path


def test_a_published_row(folder):
    """The first row of the published file: 124 ratings whose sum is 699."""
    (folder / "images" / "953600.jpg").rename(folder / "images" / "953619.jpg")
    miniatures.write(folder / "AVA.txt", "1 953619 0 1 5 17 38 36 15 6 5 1 1 22 1396")
    data = ava.read(folder)
    (record,) = data.records
    assert record.mos == pytest.approx(699 / 124)
    assert record.histogram == (0, 1, 5, 17, 38, 36, 15, 6, 5, 1)
    assert (record.name, record.image, record.split) == ("953619", folder / "images" / "953619.jpg", "test")
    assert (data.name, data.low, data.high, data.published_images) == ("ava", 1, 10, 255530)


def test_the_list_names_the_test_images(folder):
    test = [record.name for record in ava.read(folder).records if record.split == "test"]
    assert test == ["953618", "953619", "953620", "953621"]


def test_missing_images_are_listed_and_may_be_skipped(folder):
    for name in ("953602", "953605"):
        (folder / "images" / f"{name}.jpg").unlink()
    with pytest.raises(DataError, match=r"2 of 22 images are missing: 953602, 953605; .*skip\.txt"):
        ava.read(folder)
    (folder / "skip.txt").write_text("953602\n953605\n1\n")
    data = ava.read(folder)
    assert len(data.records) == 20
    assert {"953602", "953605"}.isdisjoint(record.name for record in data.records)
    assert data.published_images == 255528


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("AVA.txt", None, "", r"AVA\.txt: cannot be read"),
        (LIST, None, "", r"generic_test\.jpgl: cannot be read"),
        ("AVA.txt", " 1396\n", "\n", r"AVA\.txt, row 1: .* is not 15 whole numbers"),
        ("AVA.txt", "3 953602 ", "3 953602 nan ", r"AVA\.txt, row 3: .* is not 15 whole numbers"),
        ("AVA.txt", "3 953602 ", "3 953601 ", "row 3: image '953601' stands already in .*row 2"),
    ],
)
def test_faults_are_named(folder, file, old, new, named):
    miniatures.damage(folder, file, old, new)
    with pytest.raises(DataError, match=named):
        ava.read(folder)


def test_an_image_without_ratings_is_named(folder):
    miniatures.write(folder / "AVA.txt", "1 953600 0 0 0 0 0 0 0 0 0 0 1 22 1396")
    with pytest.raises(DataError, match="row 1: image '953600' has no rating"):
        ava.read(folder)
