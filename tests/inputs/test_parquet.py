import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from musiq.errors import InputError, MissingExtraError
from tests.inputs.conftest import inputs, names, read

ROWS = 40  # more than are read at once


def write(path, name, values, kind=None):
    Path(path).parent.mkdir(exist_ok=True)
    table = pa.table({"id": range(len(values)), name: pa.array(values, kind)})
    pq.write_table(table, path, row_group_size=25)


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
def test_text_is_paths(tree, kind):
    tree("t/a.jpg")
    write("t/x.parquet", "file", ["a.jpg", None, "", "s3://b/a.jpg"] * 10, kind)
    results = inputs("t/x.parquet", column="file")
    assert names(results)[36:] == ["t/a.jpg", "t/x.parquet!37", "t/x.parquet!38", "s3://b/a.jpg"]
    assert read(list(results)[:3]) == [
        ("t/a.jpg", b"t/a.jpg"),
        ("t/x.parquet!1", "missing: the cell is empty"),
        ("t/x.parquet!2", "missing: the cell is empty"),
    ]


def test_text_that_is_no_utf8(here):
    Path("caf\udce9.jpg").write_text("x")
    raw = pa.array([b"caf\xe9.jpg"], pa.binary())
    pq.write_table(pa.table({"path": pa.StringArray.from_buffers(1, *raw.buffers()[1:])}), "x.parquet")
    assert read(inputs("x.parquet")) == [("caf\\xe9.jpg", b"x")]


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary(7)])
def test_bytes_are_images(here, kind):
    write("x.parquet", "image", [None if index == 20 else b"image%02d" % index for index in range(ROWS)], kind)
    results = read(inputs("x.parquet"))
    assert results.pop(20) == ("x.parquet!20", "missing: the cell is empty")
    assert results == [(f"x.parquet!{index}", b"image%02d" % index) for index in range(ROWS) if index != 20]


def test_images_of_hugging_face(tree):
    tree("t/b.jpg")
    rows = [{"bytes": b"a", "path": "a.jpg"}, {"bytes": None, "path": "b.jpg"}, {"bytes": None, "path": None}, None]
    write("t/x.parquet", "image", [*rows, {"bytes": b"", "path": "c.jpg"}])
    assert read(inputs("t/x.parquet")) == [
        ("t/x.parquet!0", b"a"),
        ("t/b.jpg", b"t/b.jpg"),
        ("t/x.parquet!2", "missing: the cell is empty"),
        ("t/x.parquet!3", "missing: the cell is empty"),
        ("t/x.parquet!4", "empty: empty file (0 bytes)"),
    ]
    write("t/y.parquet", "image", [{"bytes": b"a"}, {"bytes": None}])
    assert read(inputs("t/y.parquet"))[0] == ("t/y.parquet!0", b"a")


@pytest.mark.parametrize(("value", "kind"), [(7, "int"), (["a.jpg"], "list"), ({"url": "a.jpg"}, "dict")])
def test_other_columns_say_what_they_hold(here, value, kind):
    write("x.parquet", "image", [value])
    reason = f"input: the cell is neither a path nor an image but of type {kind}"
    assert read(inputs("x.parquet")) == [("x.parquet!0", reason)]


def test_a_folder_of_parts_is_a_table(here):
    for part in "ba":
        write(f"t/{part}.parquet", "image", [part.encode()])
    (here / "t" / "_SUCCESS").touch()
    assert read(inputs("t")) == [("t/a.parquet!0", b"a"), ("t/b.parquet!0", b"b")]
    with pytest.raises(InputError, match="t/a.parquet: no column 'shot'; its columns are: 'id', 'image'"):
        next(iter(inputs("t", column="shot")))
    (here / "t" / "c.jpg").touch()
    assert names(inputs("t")) == ["t/c.jpg"]


def test_damage(here):
    for part in "abc":
        write(f"t/{part}.parquet", "image", [bytes([index]) * 5000 for index in range(ROWS)])
    Path("t/a.parquet").write_bytes(b"PAR1 no more")
    content = bytearray(Path("t/b.parquet").read_bytes())
    half = len(content) // 2
    content[half : half + 2000] = bytes([255]) * 2000
    Path("t/b.parquet").write_bytes(content)
    results = names(inputs("t"))
    assert results[0] == "t/a.parquet"
    assert results[-ROWS:] == [f"t/c.parquet!{index}" for index in range(ROWS)]
    *given, fault = results[1:-ROWS]
    assert given == [f"t/b.parquet!{index}" for index in range(len(given))]
    assert fault == "t/b.parquet"


def test_without_pyarrow(here, monkeypatch):
    write("x.parquet", "image", [b"a"])
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match="reading Parquet needs the extra 'musiq\\[parquet\\]'"):
        next(iter(inputs("a.jpg", "x.parquet")))
