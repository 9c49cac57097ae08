import pytest

from musiq.data import kadid10k
from musiq.errors import DataError
from tests.data import miniatures


@pytest.fixture
def folder(tmp_path):
    miniatures.kadid10k(tmp_path)
    return tmp_path


def test_a_row_becomes_a_record(folder):
    """17 fives and 13 fours: mean 4.57, standard deviation 0.496, as published under the name of var."""
    miniatures.damage(folder, "dmos.csv", "I01_01_01.png,I01.png,4.10,0.496", "I01_01_01.png,I01.png,4.57,0.496")
    data = kadid10k.read(folder)
    record = data.records[0]
    assert (record.name, record.mos, record.group, record.split) == ("I01_01_01.png", 4.57, "I01.png", "")
    assert record.spread == 0.496
    assert (data.name, data.low, data.high, data.published_images) == ("kadid10k", 1, 5, 10125)


def test_an_original_is_the_group_and_no_record(folder):
    records = kadid10k.read(folder).records
    assert [record.group for record in records] == [f"I0{original}.png" for original in range(1, 7) for _ in range(4)]
    assert "I01.png" not in {record.name for record in records}


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("dmos.csv", None, "", r"dmos\.csv: cannot be read as CSV"),
        ("dmos.csv", "dmos", "mos", r"dmos\.csv: column dmos is missing"),
        ("dmos.csv", "ref_img", "ref", "column ref_img is missing"),
        ("dmos.csv", "var", "sd", "column var is missing"),
        ("dmos.csv", "4.10", "nan", r"dmos\.csv, row 2: dmos 'nan' is not finite"),
        ("dmos.csv", "4.10", "0.5", "row 2: dmos 0.5 is outside 1..5"),
        ("dmos.csv", ",I01.png", ",", "row 2: ref_img is empty"),
        ("dmos.csv", "I01_01_02", "I01_01_01", "row 3: image 'I01_01_01.png' stands already in .*row 2"),
        ("images/I02_01_01.png", None, "", "row 6: image 'I02_01_01.png' is not in .*images"),
    ],
)
def test_faults_are_named(folder, file, old, new, named):
    miniatures.damage(folder, file, old, new)
    with pytest.raises(DataError, match=named):
        kadid10k.read(folder)
