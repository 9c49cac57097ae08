import pytest

from musiq.data.csv import read_csv, write_csv
from musiq.data.record import Record
from musiq.errors import DataError


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.jpg", "b.JPG", "c d.png", "sub/e.jpg"):
        (folder / name).touch()
    return folder


def table(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text)
    return path


def test_rows_become_records(tmp_path, images):
    path = table(tmp_path, "\ufeffimage,mos,split\na.jpg,0.5,train\nb.jpg,1,test\n\nc d.png,2,\n")
    data = read_csv(path, images)
    assert [(record.name, record.mos, record.split) for record in data.records] == [
        ("a.jpg", 0.5, "train"),
        ("b.jpg", 1.0, "test"),
        ("c d.png", 2.0, ""),
    ]
    assert data.records[1].image.name == "b.JPG"  # named in lower case, stored in upper case
    assert (data.name, data.published_images) == ("table.csv", None)


def test_optional_columns(tmp_path, images):
    path = table(tmp_path, "image,mos,spread,histogram,group\na.jpg,3,0.8,0 1 2.5 1,g\nb.jpg,2,,,\n")
    full, bare = read_csv(path, images).records
    assert (full.spread, full.histogram, full.group) == (0.8, (0, 1, 2.5, 1), "g")
    assert (bare.spread, bare.histogram, bare.group) == (None, None, "")


def test_what_is_written_is_read_again(tmp_path, images):
    records = (
        Record(images / "a.jpg", "a.jpg", 1 / 3, "train", spread=0.1, histogram=(0.25, 0.75), group="g"),
        Record(images / "sub" / "e.jpg", "sub/e.jpg", 2.0),
    )
    write_csv(tmp_path / "out.csv", records, images)
    assert read_csv(tmp_path / "out.csv", images).records == records


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("image,score\na.jpg,1\n", "column mos is missing"),
        ("", "column image, mos is missing"),
        ("image,mos\na.jpg,nan\n", "row 2: mos 'nan' is not finite"),
        ("image,mos\na.jpg,good\n", "row 2: mos 'good' is not a number"),
        ("image,mos\na.jpg,\n", "row 2: mos '' is not a number"),
        ("image,mos\na.jpg,1\nx.jpg,1\n", "row 3: image 'x.jpg' is not in .*images$"),
        ("image,mos\na.jpg,1\nx.jpg,1\ny.jpg,1\n", r"row 3: image 'x.jpg' is not in .*\(and 1 more of 3\)"),
        ("image,mos\na.jpg,1\na.jpg,2\n", "row 3: image 'a.jpg' stands already in .*row 2"),
        ("image,mos\n,1\n", "row 2: image is empty"),
        ("image,mos\n", "no row"),
        ("image,mos\n\n", "no row"),
        ("image,mos,spread\na.jpg,1,-1\n", "row 2: spread -1 is outside 0..inf"),
        ("image,mos,histogram\na.jpg,1,1 x\n", "row 2: histogram 'x' is not a number"),
        ("image,mos,histogram\na.jpg,1,0 0\n", "row 2: histogram '0 0' holds no rating"),
        ("image,mos,histogram\na.jpg,1,1 2\nb.jpg,1,1 2 3\n", r"histograms of \[2, 3\] values"),
    ],
)
def test_faults_name_file_row_and_column(tmp_path, images, text, named):
    with pytest.raises(DataError, match=rf"table\.csv.*{named}"):
        read_csv(table(tmp_path, text), images)


def test_a_missing_table_and_folder_are_named(tmp_path, images):
    with pytest.raises(DataError, match=r"absent\.csv: cannot be read as CSV"):
        read_csv(tmp_path / "absent.csv", images)
    with pytest.raises(DataError, match="absent: no such folder of images"):
        read_csv(table(tmp_path, "image,mos\na.jpg,1\n"), tmp_path / "absent")
