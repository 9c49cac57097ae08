import pytest

from musiq.data import read_records
from musiq.data.split import train_and_validation
from musiq.errors import DataError


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("a.jpg", "b.JPG", "c d.png"):
        (folder / name).touch()
    return folder


def table(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text)
    return path


def test_rows_become_records(tmp_path, images):
    path = table(tmp_path, "\ufeffimage,mos,split\na.jpg,0.5,train\nb.jpg,1,test\nc d.png,2,train\n")
    records = read_records(path, images)
    assert [(record.name, record.mos, record.split) for record in records] == [
        ("a.jpg", 0.5, "train"),
        ("b.jpg", 1.0, "test"),
        ("c d.png", 2.0, "train"),
    ]
    assert records[1].image.name == "b.JPG"  # named in lower case, stored in upper case
    assert [record.name for record in read_records(path, images, "test")] == ["b.jpg"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("image,score\na.jpg,1\n", "column mos is missing"),
        ("", "column image, mos is missing"),
        ("image,mos\na.jpg,nan\n", "row 2: mos 'nan' is not finite"),
        ("image,mos\na.jpg,good\n", "row 2: mos 'good' is not a number"),
        ("image,mos\na.jpg,\n", "row 2: mos '' is not a number"),
        ("image,mos\na.jpg,1\nx.jpg,1\n", "row 3: image 'x.jpg' is not in"),
        ("image,mos\na.jpg,1\na.jpg,2\n", "row 3: image 'a.jpg' stands already in row 2"),
        ("image,mos\n,1\n", "row 2: image is empty"),
        ("image,mos\n", "no row"),
    ],
)
def test_faults_name_file_row_and_column(tmp_path, images, text, named):
    with pytest.raises(DataError, match=rf"table\.csv.*{named}"):
        read_records(table(tmp_path, text), images)


def test_a_missing_table_is_named(tmp_path, images):
    with pytest.raises(DataError, match=r"absent\.csv: cannot be read as CSV"):
        read_records(tmp_path / "absent.csv", images)


def test_split_column_decides(tmp_path, images):
    text = "image,mos,split\na.jpg,0,val\nb.jpg,1,val\nc d.png,2,train\n"
    train, val = train_and_validation(table(tmp_path, text), images, seed=0)
    assert ([r.name for r in train], [r.name for r in val]) == (["c d.png"], ["a.jpg", "b.jpg"])


def test_without_it_a_tenth_is_held_out_by_seed(tmp_path, images):
    for index in range(40):
        (images / f"{index}.png").touch()
    path = table(tmp_path, "image,mos\n" + "".join(f"{index}.png,{index}\n" for index in range(40)))
    train, val = train_and_validation(path, images, seed=0)
    assert (len(train), len(val)) == (36, 4)
    assert {r.name for r in train}.isdisjoint(r.name for r in val)
    assert train_and_validation(path, images, seed=0)[1] == val
    assert train_and_validation(path, images, seed=1)[1] != val


def test_too_few_images_are_an_error(tmp_path, images):
    text = "image,mos,split\na.jpg,0,val\nb.jpg,1,train\n"
    with pytest.raises(DataError, match="1 training and 1 validation"):
        train_and_validation(table(tmp_path, text), images, seed=0)
