"""Tables as the common toolbox's scripts and its description of them have their headers; rows are made up."""

import pytest

from musiq.data.csv import read_csv
from musiq.data.toolbox import toolbox_columns
from musiq.errors import DataError

SPLITS = "official_split,ratio802_seed123_split_01"
KONIQ = f"img_name,mos,std,{SPLITS},c1,c2,c3,c4,c5,c_total\n"
TID = "ref_name,dist_name,mos,std,ratio802_seed123_split_01\n"
AVA = f"img_name,MOS,{','.join(f'c{value}' for value in range(1, 11))},semantic_tag1,semantic_tag2,official_split\n"


@pytest.fixture
def read(tmp_path):
    """Reads such a table of images that are there."""
    for name in ("a.jpg", "b.jpg", "sub/c.bmp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    def read(text, **options):
        (tmp_path / "meta_info.csv").write_text(text)
        return read_csv(tmp_path / "meta_info.csv", tmp_path, **options)

    return read


def test_a_set_without_references(read):
    text = KONIQ + "a.jpg,70.5,0.6,train,test,0,1,2,3,4,10\nb.jpg,30,0.7,test,train,4,3,2,1,0,10\n"
    first, second = read(text).records
    assert (first.name, first.mos, first.spread, first.split) == ("a.jpg", 70.5, 0.6, "train")
    assert (first.histogram, first.group, second.split) == ((0, 1, 2, 3, 4), "", "test")
    other = read(text, split_column="ratio802_seed123_split_01").records
    assert [record.split for record in other] == ["test", "train"]


def test_copies_of_one_reference_are_a_group(read):
    data = read(TID + "I01.bmp,a.jpg,5.5,0.13,train\nI01.bmp,sub/c.bmp,3,0.2,val\n")
    assert [(record.name, record.group) for record in data.records] == [("a.jpg", "I01.bmp"), ("sub/c.bmp", "I01.bmp")]
    assert [record.split for record in data.records] == ["", ""]  # it has no official one, and nobody chose


def test_numbers_stand_for_splits(read):
    rows = [
        f"{name},{mos},{','.join(['1'] * 10)},0,0,{split}\n"
        for name, mos, split in (("a.jpg", 5, 0), ("b.jpg", 6, 1), ("sub/c.bmp", 7, 2))
    ]
    data = read(AVA + "".join(rows))
    assert [record.split for record in data.records] == ["train", "val", "test"]
    assert data.records[0].histogram == (1,) * 10
    assert [record.split for record in read("img_name/patch_name,mos,split\na.jpg,50,2\nb.jpg,40,0\n").records] == [
        "test",
        "train",
    ]


def test_a_column_of_our_own_table_may_be_chosen(read):
    text = "image,mos,split,fold_split\na.jpg,1,3,Train\nb.jpg,2,4,extra\n"
    assert [record.split for record in read(text).records] == ["3", "4"]
    assert [record.split for record in read(text, split_column="fold_split").records] == ["train", "extra"]


def test_a_difference_of_ratings_needs_its_direction(read):
    text = "ref_name,dist_name,dmos\nr.png,a.jpg,0.1\n"
    with pytest.raises(DataError, match=r"meta_info\.csv: column dmos does not tell which end is better"):
        read(text)
    assert read(text, directed=True).records[0].mos == 0.1


@pytest.mark.parametrize(
    ("text", "column", "named"),
    [
        (KONIQ + "a.jpg,good,1,train,train,1,1,1,1,1,5\n", None, "row 2: mos 'good' is not a number"),
        (KONIQ + "a.jpg,1,1,train,train,1,1,x,1,1,5\n", None, "row 2: c3 'x' is not a number"),
        (KONIQ + "a.jpg,1,1,train,train,0,0,0,0,0,0\n", None, "row 2: c1 to c5 holds no rating"),
        (KONIQ + "a.jpg,1,-1,train,train,1,1,1,1,1,5\n", None, "row 2: std -1 is outside 0..inf"),
        (KONIQ + ",1,1,train,train,1,1,1,1,1,5\n", None, "row 2: img_name is empty"),
        (TID + "r.bmp,x.jpg,1,1,train\n", None, "row 2: image 'x.jpg' is not in"),
        (
            KONIQ + "a.jpg,1,1,train,train,1,1,1,1,1,5\n",
            "split_1",
            f"column split_1 is missing; columns of splits there: {SPLITS.replace(',', ', ')}",
        ),
        (
            KONIQ + "a.jpg,1,1,train,train,1,1,1,1,1,5\n",
            "c_total",
            "row 2: c_total '5' is no split; numbers are 0 train",
        ),
        (KONIQ, None, "no row"),
        ("img_name,rating\na.jpg,1\n", None, "column image, mos is missing"),
    ],
)
def test_faults_name_file_row_and_column(read, text, column, named):
    with pytest.raises(DataError, match=rf"meta_info\.csv.*{named}"):
        read(text, split_column=column)


def test_other_headers_that_its_scripts_write():
    spaq = toolbox_columns(["Image name", "MOS", "Brightness", "Sharpness"])
    pipal = toolbox_columns(["hq_name", "dist_name", "elo_score"])
    assert spaq is not None
    assert pipal is not None
    assert (spaq.image, spaq.mos, spaq.counts) == ("Image name", "MOS", ())
    assert (pipal.image, pipal.mos, pipal.group) == ("dist_name", "elo_score", "hq_name")
    assert toolbox_columns(["image", "mos", "img_name"]) is None
