import openpyxl
import pytest
from PIL import Image

from musiq.data import spaq
from musiq.errors import DataError
from tests.data import miniatures

TABLE = "Annotations/MOS and Image attribute scores.xlsx"


@pytest.fixture
def folder(tmp_path):
    miniatures.spaq(tmp_path)
    return tmp_path


def edit(folder, cell, value):
    book = openpyxl.load_workbook(folder / TABLE)
    book.active[cell] = value
    book.save(folder / TABLE)


def test_rows_of_the_sheet_become_records(folder):
    edit(folder, "B4", 61.25)
    data = spaq.read(folder)
    record = data.records[2]
    assert (record.name, record.image, record.mos) == ("00002.jpg", folder / "TestImage" / "00002.jpg", 61.25)
    assert {record.split for record in data.records} == {""}
    assert (data.name, data.low, data.high, data.published_images) == ("spaq", 0, 100, 11125)


def test_the_sheet_may_be_a_csv(folder):
    miniatures.damage(folder, TABLE, None)
    miniatures.write((folder / TABLE).with_suffix(".csv"), "Image name,MOS,Brightness", "00001.jpg,33.5,50")
    (record,) = spaq.read(folder).records
    assert (record.name, record.mos) == ("00001.jpg", 33.5)


def test_the_variant_reduces_large_images_alone(folder):
    Image.new("RGB", (1200, 600)).save(folder / "TestImage" / "00000.jpg")
    assert spaq.read(folder).records[0].pixels().shape == (600, 1200, 3)
    data = spaq.read_512(folder)
    assert data.name == "spaq-512"
    assert [record.pixels().shape for record in data.records[:2]] == [(512, 1024, 3), (40, 56, 3)]


@pytest.mark.parametrize(
    ("cell", "value", "named"),
    [
        ("A1", "name", r"scores\.xlsx: column Image name is missing"),
        ("B1", "score", "column MOS is missing"),
        ("B3", "nan", r"scores\.xlsx, row 3: MOS 'nan' is not finite"),
        ("B3", None, "row 3: MOS '' is not a number"),
        ("B3", -1, "row 3: MOS -1 is outside 0..100"),
        ("A3", "00000.jpg", "row 3: image '00000.jpg' stands already in .*row 2"),
        ("A3", "lost.jpg", "row 3: image 'lost.jpg' is not in .*TestImage"),
    ],
)
def test_faults_are_named(folder, cell, value, named):
    edit(folder, cell, value)
    with pytest.raises(DataError, match=named):
        spaq.read(folder)


def test_an_absent_or_broken_sheet_is_named(folder):
    (folder / TABLE).write_text("no zip")
    with pytest.raises(DataError, match=r"scores\.xlsx: cannot be read as XLSX"):
        spaq.read(folder)
    miniatures.damage(folder, TABLE, None)
    with pytest.raises(DataError, match=r"scores\.xlsx: cannot be read as XLSX"):
        spaq.read(folder)
