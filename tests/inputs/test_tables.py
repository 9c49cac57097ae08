import csv
import json
from pathlib import Path

import pytest

from musiq.errors import InputError
from tests.inputs.conftest import inputs, names, read


@pytest.fixture
def photos(tree):
    tree("t/a.jpg", "t/b, c.jpg", "t/sub/d.jpg", "other/a.jpg")


PATHS = ["a.jpg", "b, c.jpg", "sub/d.jpg", "", "gone.jpg"]
EXPECTED = [
    ("t/a.jpg", b"t/a.jpg"),
    ("t/b, c.jpg", b"t/b, c.jpg"),
    ("t/sub/d.jpg", b"t/sub/d.jpg"),
    ("NAME!3", "missing: the cell is empty"),
    ("t/gone.jpg", "missing: no such file"),
]


def write(path, rows, delimiter=","):
    path = Path(path)
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return
    with open(path, "w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
        table.writeheader()
        table.writerows(rows)


@pytest.mark.parametrize("name", ["t/x.csv", "t/x.tsv", "t/x.jsonl", "t/X.CSV"])
@pytest.mark.parametrize("column", ["path", "image", "file", "file_name", "filename"])
def test_cells_are_paths_beside_the_table(photos, name, column):
    write(name, [{"mos": 3, column: path} for path in PATHS])
    expected = [(place.replace("NAME", name), result) for place, result in EXPECTED]
    assert read(inputs(name)) == expected
    assert read(inputs(name, column=column)) == expected


@pytest.mark.parametrize("name", ["t/x.csv", "t/x.jsonl"])
def test_a_folder_and_a_column_may_be_named(photos, name, here):
    write(name, [{"path": "", "shot": "a.jpg"}, {"path": "", "shot": f"{here}/t/a.jpg"}, {"shot": "s3://b/a.jpg"}])
    assert names(inputs(name, column="shot", folder=Path("other"))) == [
        "other/a.jpg",
        f"{here}/t/a.jpg",
        "s3://b/a.jpg",
    ]


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.jsonl"])
def test_a_table_without_the_column_is_refused_before_anything_is_given(here, name):
    write(name, [{"id": "a.jpg", "mos": "3"}])
    with pytest.raises(InputError, match=f"^{name}: no column 'shot'; its columns are: 'id', 'mos'$"):
        next(iter(inputs("first.jpg", name, column="shot")))
    with pytest.raises(InputError, match="no column 'path' or 'image' or 'file' or 'file_name' or 'filename'; its"):
        next(iter(inputs("first.jpg", name)))
    assert [name for name, _ in read(inputs("first.jpg", name[:-1] + "*"))] == ["first.jpg", name]


def test_empty_tables(here):
    Path("x.jsonl").write_text("\n")
    Path("x.csv").write_text("path\n")
    assert read(inputs("x.jsonl", "x.csv")) == []
    Path("x.csv").write_text("")
    with pytest.raises(InputError, match="its columns are: none"):
        list(inputs("x.csv"))


def test_damaged_rows_are_items(here):
    Path("x.csv").write_text(f"id,path\n1,a.jpg\n2\n\n3,{'x' * 200_000}\n4,b.jpg,more\n")
    assert read(inputs("x.csv")) == [
        ("a.jpg", "missing: no such file"),
        ("x.csv!1", "missing: the cell is empty"),
        ("x.csv!2", "input: line 5: field larger than field limit (131072)"),
        ("b.jpg", "missing: no such file"),
    ]
    Path("x.jsonl").write_text('{"path":\n[1]\n{"path": "a.jpg"}\n{"other": 1}\n{"path": 7}\n' + "[" * 100_000)
    (first, broken), *rest, (last, deep) = read(inputs("x.jsonl"))
    assert (first, broken[:15], last, deep[:14]) == ("x.jsonl!0", "input: line 1: ", "x.jsonl!5", "input: line 6:")
    assert rest == [
        ("x.jsonl!1", "input: line 2: not a JSON object"),
        ("a.jpg", "missing: no such file"),
        ("x.jsonl!3", "missing: the cell is empty"),
        ("x.jsonl!4", "input: the cell is neither a path nor an image but of type int"),
    ]


def test_text_that_can_be_no_path_is_an_item(here):
    Path("x.jsonl").write_text('{"path": "a\\u0000.jpg"}\n{"path": "\\ud800.jpg"}\n')
    assert read(inputs("x.jsonl")) == [
        ("a\\0.jpg", "missing: not a path: it holds a NUL character"),
        ("\\ud800.jpg", "missing: not a path"),
    ]


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_names_that_are_no_utf8_and_a_byte_order_mark(here, suffix):
    Path("caf\udce9.jpg").write_text("x")
    text = {"csv": b"path\ncaf\xe9.jpg\n", "jsonl": b'{"path": "caf\xe9.jpg"}\n'}[suffix]
    Path(f"x.{suffix}").write_bytes(b"\xef\xbb\xbf" + text)
    assert read(inputs(f"x.{suffix}")) == [("caf\\xe9.jpg", b"x")]
