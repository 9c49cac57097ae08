import csv
import io
import itertools
import json
import os
import stat
import tracemalloc
from dataclasses import asdict, replace

import pytest

from musiq.errors import OutputError
from musiq.outputs import lines, open_output, read_rows
from musiq.rows import COLUMNS, Row, Scoring
from tests.outputs.conftest import GOOD, SCORING

FORMATS = ("csv", "jsonl")


def as_csv(row):
    cells = {name: "" if value is None else str(value) for name, value in asdict(row).items()}
    cells.pop("distribution")
    return cells | {"notes": "; ".join(row.notes)}


def test_csv_says_to_others_what_the_rows_are(write_all, rows, tmp_path):
    write_all(tmp_path / "out.csv", "csv", rows)
    with open(tmp_path / "out.csv", newline="", encoding="utf-8") as file:
        assert list(csv.DictReader(file, strict=True)) == list(map(as_csv, rows))


def test_jsonl_says_to_others_what_the_rows_are(write_all, rows, tmp_path):
    write_all(tmp_path / "out.jsonl", "jsonl", rows)
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert found == [json.loads(json.dumps(asdict(row))) for row in rows]
    assert tuple(found[0]) == COLUMNS


@pytest.mark.parametrize("format", FORMATS)
def test_rows_come_back(format, write_all, rows, tmp_path):
    write_all(tmp_path / "out", format, rows)
    without = [replace(row, distribution=None) for row in rows] if format == "csv" else rows
    assert list(read_rows(tmp_path / "out")) == without


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_cut_off_at_any_byte_is_continued(format, write_all, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)  # it takes its time
    path, names = tmp_path / "out", ("a\nb", '"\n', "🖼\n,🖼\r", 'quo"te', "plain.jpg")
    rows = [Row(name, score=0.1, notes=("Grüße",)) for name in names]
    write_all(path, format, rows)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        write_all(path, format, rows)
        assert path.read_bytes() == whole, length


@pytest.mark.parametrize("format", FORMATS)
def test_what_a_reader_sees_of_a_file_that_is_being_written(format, write_all, rows, tmp_path):
    write_all(tmp_path / "out", format, rows)
    whole = (tmp_path / "out").read_bytes()
    (tmp_path / "out").write_bytes(whole[:-1])
    assert [row.path for row in read_rows(tmp_path / "out")] == [row.path for row in rows[:-1]]
    assert (tmp_path / "out").read_bytes() == whole[:-1]


@pytest.mark.parametrize("format", FORMATS)
def test_each_row_is_one_write_and_there_at_once(format, rows, tmp_path, monkeypatch):
    sizes, write = [], os.write
    monkeypatch.setattr(os, "write", lambda file, text: sizes.append(len(text)) or write(file, text))
    with open_output(tmp_path / "out", format) as output:
        sizes.clear()
        for number, row in enumerate(rows, start=1):
            size = (tmp_path / "out").stat().st_size
            output.write(row)
            assert len(sizes) == number
            assert (tmp_path / "out").stat().st_size == size + sizes[-1]


def test_what_a_full_disk_took_of_a_row_is_taken_back(rows, tmp_path, monkeypatch):
    path, write = tmp_path / "out", os.write

    def full(file, text):
        if len(text) < 20:
            raise OSError(28, "No space left on device")
        return write(file, text[:-10])

    with open_output(path, "csv") as output:
        output.write(rows[0])
        before = path.read_bytes()
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(ValueError, match=f"^--output {path}: No space left on device$"):
            output.write(rows[1])
        assert path.read_bytes() == before


@pytest.mark.parametrize("format", FORMATS)
def test_done_names_the_errors(format, write_all, rows, tmp_path):
    write_all(tmp_path / "out", format, rows)
    with open_output(tmp_path / "out", format) as output:
        done = output.done()
        first = next(done)
        output.write(Row("new"))
        assert [(row.path, row.kind) for row in (first, *done)] == [(row.path, row.kind) for row in rows]


@pytest.mark.parametrize("format", FORMATS)
def test_errors_are_tried_again(format, write_all, rows, tmp_path):
    path = tmp_path / "out"
    write_all(path, format, rows)
    path.chmod(0o640)
    write_all(path, format, [replace(row, kind=None, error=None, score=1.0) for row in rows], retry_errors=True)
    scores = [row for row in rows if row.kind is None]
    (again,) = [row.path for row in rows if row.kind]
    found = list(read_rows(path))
    assert [row.path for row in found] == [*(row.path for row in scores), again]
    assert found[-1].score == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_errors_are_taken_out_in_one_step(write_all, rows, tmp_path, monkeypatch):
    write_all(tmp_path / "out", "csv", rows)
    whole = (tmp_path / "out").read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lines.os, "fsync", fail)
    with pytest.raises(ValueError, match="No space left"):
        open_output(tmp_path / "out", "csv", retry_errors=True)
    assert (tmp_path / "out").read_bytes() == whole
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_a_link_stays_a_link(write_all, rows, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "out")
    write_all(tmp_path / "link", "csv", rows)
    write_all(tmp_path / "link", "csv", rows[:2], retry_errors=True)
    assert (tmp_path / "link").is_symlink()
    assert len(list(read_rows(tmp_path / "out"))) == len(rows) - 1


@pytest.mark.parametrize("format", FORMATS)
def test_overwriting(format, write_all, rows, tmp_path):
    write_all(tmp_path / "out", format, rows)
    write_all(tmp_path / "out", format, rows[:2], overwrite=True)
    assert len(list(read_rows(tmp_path / "out"))) == 2


FOREIGN = ("hello", "path,score\na.jpg,3\n", '{"path": "a"}\n', "[]\n", "{}\n", "\n", "\ufeffpath", "PAR1")


@pytest.mark.parametrize(
    ("format", "content"),
    [
        *itertools.product(FORMATS, FOREIGN),
        ("csv", '{"path": "a", "score'),  # the torn beginning of the other format
        ("jsonl", "path,score,interval"),
    ],
)
def test_a_file_of_others_is_left_alone(format, content, tmp_path):
    path = tmp_path / "out"
    path.write_text(content, encoding="utf-8")
    for overwrite in (False, True)[: 1 if content == '{"path": "a"}\n' and format == "jsonl" else 2]:
        with pytest.raises(OutputError, match=f"^{path}, line 1: .* choose another --output"):
            open_output(path, format, overwrite=overwrite)
        assert path.read_text(encoding="utf-8") == content


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("name", "cut"), [('"x' + "y" * 30, 1), ('"x' + "y" * 30, 10), ("plain.jpg", 10), ("a.jpg", 40)]
)
def test_a_torn_row_in_the_middle_is_named(format, name, cut, write_all, tmp_path):
    """Whether it ends within quotes or without: nothing is cut off that rows follow."""
    path = tmp_path / "out"
    write_all(path, format, [GOOD, replace(GOOD, path=name), *(replace(GOOD, path=f"after{i}") for i in range(2))])
    lines = path.read_bytes().splitlines(keepends=True)
    lines[-3] = lines[-3][:cut]
    content = b"".join(lines)
    path.write_bytes(content)
    with pytest.raises(OutputError, match=f"^{path}, line {len(lines) - 2}: not a row"):  # noqa: SIM117
        with open_output(path, format) as output:
            list(output.done())
    assert path.read_bytes() == content


@pytest.mark.parametrize("format", FORMATS)
def test_scores_of_another_run_do_not_compare(format, write_all, rows, tmp_path):
    write_all(tmp_path / "out", format, rows, scoring=SCORING)
    write_all(tmp_path / "out", format, rows, scoring=SCORING)
    other = Scoring("b" * 64, "google-v1/native/p32/g10", "int8")
    message = (
        r", line \d: holds scores of aaaaaaaaaaaa google-v1/native/p32/g10 fp32; this run is bbbbbbbbbbbb .* int8; "
    )
    with open_output(tmp_path / "out", format, scoring=other) as output, pytest.raises(OutputError, match=message):
        list(output.done())
    with pytest.raises(OutputError, match=message):
        open_output(tmp_path / "out", format, scoring=other, retry_errors=True)
    assert len(list(read_rows(tmp_path / "out"))) == len(rows)


def test_errors_compare_with_every_run(tmp_path, write_all):
    write_all(tmp_path / "out", "csv", [Row("a", kind="missing", error="no such file")])
    with open_output(tmp_path / "out", "csv", scoring=SCORING) as output:
        assert [(row.path, row.kind) for row in output.done()] == [("a", "missing")]


def test_cells_may_be_long(write_all, tmp_path):
    row = replace(GOOD, path="long" * 50_000, distribution=None)
    write_all(tmp_path / "out", "csv", [row])
    assert list(read_rows(tmp_path / "out")) == [row]


@pytest.mark.parametrize("format", FORMATS)
def test_memory_does_not_grow_with_the_rows(format, write_all, tmp_path):
    peaks = []
    for count in (300, 3_000):
        path = tmp_path / f"{count}"
        write_all(path, format, [replace(GOOD, path=f"{index}.jpg") for index in range(count)])
        tracemalloc.start()
        with open_output(path, format, retry_errors=True) as output:
            assert sum(1 for _ in output.done()) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_a_pipe_keeps_nothing(rows, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with open_output(tmp_path / "pipe", "csv") as output:
        assert list(output.done()) == []
        output.write(rows[0])
    text = os.read(reader, 1 << 20).decode()
    os.close(reader)
    assert [row["path"] for row in csv.DictReader(io.StringIO(text, newline=""))] == [rows[0].path]
