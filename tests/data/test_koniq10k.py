import pytest

from musiq.data import koniq10k
from musiq.errors import DataError
from tests.data import miniatures

TABLE = "koniq10k_distributions_sets.csv"


@pytest.fixture
def folder(tmp_path):
    miniatures.koniq10k(tmp_path)
    return tmp_path


def test_a_published_row(folder):
    """The first row of the published file; its SD is that of 25 threes, 73 fours and 7 fives."""
    shares = "0.0,0.0,0.238095238095,0.695238095238,0.0666666666667"
    row = f"10004473376.jpg,{shares},105,77.3836206897,0.527277894494,training"
    miniatures.write(folder / TABLE, "image_name,c1,c2,c3,c4,c5,c_total,MOS,SD,set", row)
    (folder / "1024x768" / "0.jpg").rename(folder / "1024x768" / "10004473376.jpg")
    (record,) = koniq10k.read(folder).records
    assert (record.name, record.mos, record.split) == ("10004473376.jpg", 77.3836206897, "train")
    assert record.histogram == pytest.approx([0, 0, 25 / 105, 73 / 105, 7 / 105])
    assert record.spread == pytest.approx(13.18195, abs=1e-4)  # 25 * 0.527278


def test_splits_and_scale(folder):
    data = koniq10k.read(folder)
    assert [record.split for record in data.records] == ["train"] * 14 + ["val"] * 4 + ["test"] * 4
    assert (data.name, data.low, data.high, data.published_images) == ("koniq10k", 0, 100, 10073)


def test_the_variant_reads_the_smaller_images(folder):
    assert {record.image.parent.name for record in koniq10k.read(folder).records} == {"1024x768"}
    data = koniq10k.read_512(folder)
    assert (data.name, {record.image.parent.name for record in data.records}) == ("koniq10k-512", {"512x384"})


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        (TABLE, None, "", rf"{TABLE}: cannot be read as CSV"),
        (TABLE, "MOS", "score", "column MOS is missing"),
        (TABLE, "c3", "three", "column c3 is missing"),
        (TABLE, "set\n", "part\n", "column set is missing"),
        (TABLE, "100,37.5,", "100,nan,", rf"{TABLE}, row 2: MOS 'nan' is not finite"),
        (TABLE, "100,37.5,", "100,120.0,", "row 2: MOS 120.0 is outside 0..100"),
        (TABLE, "0.5,training", ",training", "row 2: SD '' is not a number"),
        (TABLE, "training", "trainning", "row 2: set 'trainning' is none of training, validation, test"),
        (TABLE, "\n1.jpg", "\n0.jpg", "row 3: image '0.jpg' stands already in .*row 2"),
        ("1024x768/5.jpg", None, "", "row 7: image '5.jpg' is not in .*1024x768"),
    ],
)
def test_faults_are_named(folder, file, old, new, named):
    miniatures.damage(folder, file, old, new)
    with pytest.raises(DataError, match=named):
        koniq10k.read(folder)
