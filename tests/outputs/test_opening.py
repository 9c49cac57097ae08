import csv
import io
import json
from dataclasses import replace

import pytest

from musiq.errors import OutputError
from musiq.outputs import open_output, read_rows
from musiq.rows import Row
from tests.outputs.conftest import GOOD


def table(*rows):
    file = io.StringIO()
    with open_output(None, "table", stdout=file) as output:
        for row in rows:
            output.write(row)
    return file.getvalue().splitlines()


def test_csv_to_stdout(rows):
    file = io.StringIO(newline="")
    with open_output(None, "csv", stdout=file) as output:
        assert list(output.done()) == []
        for count, row in enumerate(rows, start=1):
            output.write(row)
            found = list(csv.DictReader(io.StringIO(file.getvalue(), newline=""), strict=True))
            assert [cells["path"] for cells in found] == [row.path for row in rows[:count]]


def test_jsonl_to_stdout(capsys, rows):
    with open_output(None, "jsonl") as output:
        for row in rows:
            output.write(row)
    assert [json.loads(line)["path"] for line in capsys.readouterr().out.splitlines()] == [row.path for row in rows]


def test_text_goes_to_a_terminal_of_any_encoding_as_utf_8():
    below = io.BytesIO()
    with open_output(None, "csv", stdout=io.TextIOWrapper(below, encoding="ascii")) as output:
        output.write(Row("Grüße"))
    assert "Grüße,".encode() in below.getvalue()


def test_a_table():
    failed = Row("b.jpg", kind="empty", error="b.jpg: empty file\n(0 bytes)")
    assert table(GOOD, failed, replace(GOOD, path="c\n.jpg", notes=(), interval_low=None)) == [
        "score   +-  better than  band       size  image      remarks",
        "61.20  0.2         62 %  good  4000x3000  plain.jpg  EXIF orientation 6 applied, alpha over white",
        "    -                                  -  b.jpg      failed: empty file (0 bytes)",
        "61.20              62 %  good  4000x3000  c\ufffd.jpg",
    ]


def test_a_table_leaves_out_what_the_checkpoint_does_not_know():
    assert table(Row("a.jpg", score=1.0, width=2, height=1)) == ["score  size  image  remarks", " 1.00   2x1  a.jpg"]


def test_a_table_of_nothing():
    assert table() == []


def test_a_table_in_a_file_is_written_anew(tmp_path):
    for _ in range(2):
        with open_output(tmp_path / "table.txt", "table") as output:
            assert list(output.done()) == []
            output.write(GOOD)
    assert len((tmp_path / "table.txt").read_text().splitlines()) == 2


def test_parquet_does_not_go_to_stdout():
    with pytest.raises(ValueError, match="--format parquet needs --output"):
        open_output(None, "parquet")


@pytest.mark.parametrize("format", ["table", "csv", "jsonl", "parquet"])
def test_a_path_that_cannot_be_written(format, tmp_path):
    path = tmp_path / "no" / "such" / "folder"
    with pytest.raises(ValueError, match=f"^--output {path}: No such file or directory$"):
        open_output(path, format)


@pytest.mark.parametrize(("format", "reason"), [("csv", "Is a directory"), ("parquet", "File exists")])
def test_a_folder_is_no_file_and_a_file_no_folder(format, reason, tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path if format == "csv" else tmp_path / "file"
    with pytest.raises(ValueError, match=f"^--output {path}: {reason}$"):
        open_output(path, format)


def test_what_is_no_output_is_not_read(tmp_path):
    (tmp_path / "photo").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "photo.parquet").write_bytes(b"\xff\xd8\xff")
    for name, reason in {
        "missing": "No such file or directory",
        ".": "a folder without Parquet parts",
        "photo.parquet": "cannot be read as Parquet",
    }.items():
        with pytest.raises(OutputError, match=reason):
            list(read_rows(tmp_path / name))
    with pytest.raises(OutputError, match="photo, line 1: not the start of such an output"):
        list(read_rows(tmp_path / "photo"))


@pytest.mark.parametrize("name", ["a.jpg", "b.PNG"])
def test_no_image_is_replaced(name, tmp_path):
    with pytest.raises(ValueError, match="suffix of images"):
        open_output(tmp_path / name, "csv", overwrite=True)
