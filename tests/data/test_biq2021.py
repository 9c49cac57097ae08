import pytest

from musiq.data import biq2021
from musiq.errors import DataError
from tests.data import miniatures

TRAIN, TEST = "Train (Images and MOS).csv", "Test (Images and MOS).csv"


@pytest.fixture
def folder(tmp_path):
    miniatures.biq2021(tmp_path)
    return tmp_path


def test_two_tables_are_two_splits(folder):
    miniatures.write(folder / TRAIN, "Image Name,MOS,,", "ss01 (1).jpg,0.8471,,", "ss01 (3).jpg,0.2874,,")
    miniatures.write(folder / TEST, "Image Name,MOS", "ss01 (20).jpg,0.7321")
    data = biq2021.read(folder)
    assert [(record.name, record.mos, record.split) for record in data.records] == [
        ("ss01 (1).jpg", 0.8471, "train"),
        ("ss01 (3).jpg", 0.2874, "train"),
        ("ss01 (20).jpg", 0.7321, "test"),
    ]
    assert data.records[1].image == folder / "Images" / "ss01 (3).JPG"
    assert (data.name, data.low, data.high, data.published_images) == ("biq2021", 0, 1, 12000)


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        (TRAIN, None, "", r"Train .*\.csv: cannot be read as CSV"),
        (TEST, None, "", r"Test .*\.csv: cannot be read as CSV"),
        (TEST, "MOS", "Score", r"Test .*\.csv: column MOS is missing"),
        (TRAIN, "Image Name", "Name", r"Train .*\.csv: column Image Name is missing"),
        (TRAIN, ",0.0000,", ",nan,", "row 2: MOS 'nan' is not finite"),
        (TRAIN, ",0.0000,", ",1.5,", "row 2: MOS 1.5 is outside 0..1"),
        (TEST, "ss01 (18)", "ss01 (0)", r"Test .* row 2: image 'ss01 \(0\)\.jpg' stands already in .*Train .* row 2"),
        ("Images/ss01 (3).JPG", None, "", r"row 5: image 'ss01 \(3\)\.jpg' is not in"),
    ],
)
def test_faults_are_named(folder, file, old, new, named):
    miniatures.damage(folder, file, old, new)
    with pytest.raises(DataError, match=named):
        biq2021.read(folder)
