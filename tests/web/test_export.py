import csv
import io
import json
import xml.etree.ElementTree as ET
import zipfile

import pytest

from musiq.rows import COLUMNS, Row
from musiq.web.album import Album
from musiq.web.export import csv_lines, json_lines, sidecars

RATING = "{http://ns.adobe.com/xap/1.0/}Rating"
ROWS = [
    (Row("a, b.jpg", 71.25, band="good", notes=("one", "two"), low=0.0, width=4), "pick"),
    (Row("bad\n.jpg", kind="damaged", error='says "no"'), None),
    (Row("2024/März.jpg", 3.0, distribution=(0.5, 0.5)), "reject"),
]


def test_csv_is_read_by_others():
    lines = list(csv.DictReader(io.StringIO("".join(csv_lines(iter(ROWS))))))
    assert [line["path"] for line in lines] == ["a, b.jpg", "bad\n.jpg", "2024/März.jpg"]
    assert [line["pick"] for line in lines] == ["pick", "", "reject"]
    assert [line["score"] for line in lines] == ["71.25", "", "3.0"]
    assert (lines[0]["notes"], lines[1]["error"]) == ("one; two", 'says "no"')
    assert list(lines[0]) == [name for name in COLUMNS if name != "distribution"] + ["pick"]


@pytest.mark.parametrize("name", ["a\rb.jpg", "a\r\nb.jpg", "\r", 'a"\n,b.jpg'])
def test_a_name_tears_no_line_of_csv(name):
    text = "".join(csv_lines([(Row(name, 1.0), "pick"), (Row("next.jpg"), None)]))
    lines = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert [line["path"] for line in lines] == [name, "next.jpg"]
    assert "\r\n" not in text.replace(name, "")


def test_json_has_all_columns():
    found = json.loads("".join(json_lines(iter(ROWS))))
    assert [list(one) for one in found] == [[*COLUMNS, "pick"]] * 3
    assert (found[0]["notes"], found[2]["distribution"], found[2]["pick"]) == (["one", "two"], [0.5, 0.5], "reject")
    assert json.loads("".join(json_lines(iter(())))) == []


def ratings(content: bytes) -> dict[str, str]:
    """Stars by sidecar, as an XML parser reads them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: _rating(archive.read(name)) for name in archive.namelist()}


def _rating(packet: bytes) -> str:
    return next(one.attrib[RATING] for one in ET.fromstring(packet).iter() if RATING in one.attrib)


@pytest.fixture
def entries():
    """Makes entries of an album: path, score, band, pick."""
    album = Album()

    def make(*facts):
        made = []
        for number, (path, score, band, pick) in enumerate(facts):
            upload = path.startswith("^")
            entry = album.add_upload(path[1:], f"{number:016}") if upload else album.add(path, None)
            row = Row(path, score, band=band) if score is not None else Row(path, kind="damaged", error="bad")
            album.note(entry, row, None)
            album.pick([entry], pick)
            made.append(entry)
        return made

    return make


def test_stars_are_of_the_band_and_a_reject_has_minus_one(entries):
    made = entries(
        ("a.jpg", 10.0, "bad", None),
        ("2024/b.jpg", 90.0, "excellent", "pick"),
        ("2024/c.jpg", 95.0, "excellent", "reject"),
        ("2024/d.jpg", None, None, "reject"),
        ("2024/e.jpg", None, None, "pick"),
    )
    assert ratings(b"".join(sidecars(made, True))) == {
        "a.xmp": "1",
        "2024/b.xmp": "5",
        "2024/c.xmp": "-1",
        "2024/d.xmp": "-1",
    }


@pytest.mark.parametrize("higher", [True, False])
def test_without_bands_stars_are_of_the_place(entries, higher):
    made = entries(*((f"{number}.jpg", float(number), None, None) for number in range(10)))
    stars = [int(star) for star in ratings(b"".join(sidecars(made, higher))).values()]
    assert (stars if higher else stars[::-1]) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_no_sidecar_leads_out_of_where_it_is_unpacked(entries):
    """Also by programs to which a backslash parts folders."""
    made = entries((r"..\..\evil.jpg", 10.0, "bad", None), ("2024/.._.._evil.jpg", 90.0, "excellent", None))
    made += entries((".._.._evil.jpg", 50.0, "fair", None))
    found = ratings(b"".join(sidecars(made, True)))
    assert found == {".._.._evil.xmp": "1", "2024/.._.._evil.xmp": "5", ".._.._evil.jpg.xmp": "3"}


def test_no_sidecar_takes_the_name_of_another(entries):
    made = entries(
        ("a.jpg", 10.0, "bad", None),
        ("a.CR2", 90.0, "excellent", None),
        ("^a.jpg", 50.0, "fair", None),
        ("^a.jpg", 70.0, "good", None),
        ("^a.jpg", 90.0, "excellent", None),
    )
    found = ratings(b"".join(sidecars(made, True)))
    assert list(found.values()) == ["1", "5", "3", "4", "5"]
    assert list(found)[:4] == ["a.xmp", "a.CR2.xmp", "uploads/a.xmp", "uploads/a.jpg.xmp"]
