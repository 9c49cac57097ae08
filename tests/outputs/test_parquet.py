import subprocess
import sys
from dataclasses import asdict, replace

import pandas
import pyarrow as pa
import pytest
from pyarrow import dataset, parquet

from musiq.errors import OutputError
from musiq.outputs import lines, open_output, parts, read_rows
from musiq.outputs.parquet import JOURNAL, ROWS_PER_PART, ParquetOutput
from musiq.rows import COLUMNS, Row, Scoring
from tests.outputs.conftest import GOOD, SCORING


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def plain(row):
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(row).items()}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "out"


def test_others_read_the_folder(write_all, rows, folder):
    write_all(folder, "parquet", rows)
    assert names(folder) == [f"part-{number:06d}.parquet" for number in range(5)]
    table = dataset.dataset(folder).to_table()
    assert table.to_pylist() == list(map(plain, rows))
    assert list(pandas.read_parquet(folder).columns) == list(COLUMNS)


def test_the_columns_have_types_even_where_nothing_is_known(folder):
    with open_output(folder, "parquet") as output:
        output.write(Row("a.jpg"))
    schema = parquet.read_schema(folder / "part-000000.parquet")
    assert [schema.field(name).type for name in ("path", "score", "width", "error")] == [
        pa.string(),
        pa.float64(),
        pa.int64(),
        pa.string(),
    ]
    assert [schema.field(name).type.value_type for name in ("notes", "distribution")] == [pa.string(), pa.float64()]


def test_rows_come_back(write_all, rows, folder):
    write_all(folder, "parquet", rows)
    assert list(read_rows(folder)) == rows
    assert list(read_rows(folder / "part-000001.parquet")) == rows[3:6]


def test_until_it_is_closed_all_rows_are_there(rows, folder):
    with ParquetOutput(folder, rows_per_part=3) as output:
        for count, row in enumerate(rows, start=1):
            output.write(row)
            assert list(read_rows(folder)) == rows[:count]
            assert dataset.dataset(folder, schema=parts.row_schema()).count_rows() == count - count % 3


def test_parts_are_large_by_default():
    assert ROWS_PER_PART == 100_000


@pytest.mark.parametrize("count", [0, 2, 3, 8])
def test_a_run_goes_on_where_another_ended(count, write_all, rows, folder):
    write_all(folder, "parquet", rows[:count])
    write_all(folder, "parquet", rows)
    assert list(read_rows(folder)) == rows


@pytest.mark.parametrize("again", [{}, {"retry_errors": True}])
@pytest.mark.parametrize(("before", "after"), [(0, 4), (4, 8), (8, 12), (12, 15)])
def test_killed_between_part_and_journal_no_row_is_there_twice(
    before, after, again, write_all, rows, folder, monkeypatch
):
    """The part has its name, and the journal, which holds the same rows, is not empty yet."""

    class Killed(BaseException):
        pass

    def kill(_):
        raise Killed

    output = ParquetOutput(folder, rows_per_part=4)
    for row in rows[:before]:
        output.write(row)
    monkeypatch.setattr(lines.LineOutput, "clear", kill)
    with pytest.raises(Killed):  # noqa: PT012
        for row in rows[before:]:
            output.write(row)
        output.close()
    monkeypatch.undo()
    if output._journal is not None:
        output._journal.close()
    assert (folder / JOURNAL).stat().st_size > 0
    assert list(read_rows(folder)) == rows[:after]
    write_all(folder, "parquet", rows, **again)
    assert sorted(row.path for row in read_rows(folder)) == sorted(row.path for row in rows)


def test_a_part_that_was_not_finished_is_made_again(write_all, rows, folder, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parts.Path, "replace", fail)
    with pytest.raises(ValueError, match=f"^--output {folder}: No space left"):
        write_all(folder, "parquet", rows)
    monkeypatch.undo()
    assert "part-000000.parquet" not in names(folder)
    assert list(read_rows(folder)) == rows[:3]
    write_all(folder, "parquet", rows)
    assert list(read_rows(folder)) == rows
    assert not [name for name in names(folder) if name.startswith("_")]


def test_the_same_row_twice_in_a_run_stays_twice(folder):
    with ParquetOutput(folder, rows_per_part=1) as output:
        output.write(GOOD)
        output.write(GOOD)
    assert list(read_rows(folder)) == [GOOD, GOOD]


def test_only_parts_with_errors_are_written_again(write_all, rows, folder):
    failed = [Row(f"{index}", kind="empty", error="empty") for index in range(3)]
    write_all(folder, "parquet", [*rows[:4], failed[0], *rows[4:8], *failed])
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    write_all(folder, "parquet", [replace(GOOD, path=row.path) for row in failed], retry_errors=True)
    assert [row.path for row in read_rows(folder)] == [row.path for row in [*rows[:8], *failed]]
    same = [name for name, time in before.items() if (folder / name).stat().st_mtime_ns == time]
    assert sorted(same) == ["part-000000.parquet", "part-000002.parquet"]


def test_a_part_of_errors_only_goes(folder, write_all):
    write_all(folder, "parquet", [Row("a", kind="empty", error="empty")])
    with ParquetOutput(folder, retry_errors=True) as output:
        assert list(output.done()) == []
        assert names(folder) == [JOURNAL]


def test_done_names_the_errors(open_as, write_all, rows, folder):
    write_all(folder, "parquet", rows)
    with open_as(folder, "parquet") as output:
        facts = [(row.path, row.kind, row.bytes, row.content, row.time) for row in output.done()]
        assert facts == [(row.path, row.kind, row.bytes, row.content, row.time) for row in rows]


def test_scores_of_another_run_do_not_compare(open_as, write_all, rows, folder):
    write_all(folder, "parquet", rows, scoring=SCORING)
    write_all(folder, "parquet", rows, scoring=SCORING)
    other = Scoring(SCORING.weights, SCORING.preprocess, "int8")
    message = (
        "part-000000.parquet: holds scores of .* fp32; this run is .* int8; choose another --output, or --overwrite"
    )
    with open_as(folder, "parquet", scoring=other) as output, pytest.raises(OutputError, match=message):
        list(output.done())
    with pytest.raises(OutputError, match=message):
        open_as(folder, "parquet", scoring=other, retry_errors=True)
    assert list(read_rows(folder)) == rows


def test_overwriting(write_all, rows, folder):
    write_all(folder, "parquet", rows)
    write_all(folder, "parquet", rows[:1], overwrite=True)
    assert names(folder) == ["part-000000.parquet"]
    assert list(read_rows(folder)) == rows[:1]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ["photo.jpg", "part-1.parquet", "scores.parquet"])
def test_a_folder_of_others_is_left_alone(name, overwrite, folder):
    folder.mkdir()
    (folder / name).write_bytes(b"mine")
    with pytest.raises(OutputError, match=f"^{folder}: holds {name}, .* choose another --output"):
        open_output(folder, "parquet", overwrite=overwrite)
    assert names(folder) == [name]


def test_parts_of_others_are_named(folder):
    folder.mkdir()
    part = folder / "part-000000.parquet"
    part.write_bytes(b"no Parquet")
    with pytest.raises(OutputError, match=f"^{part}: cannot be read as Parquet"):
        open_output(folder, "parquet")
    parquet.write_table(pa.table({"path": ["a"]}), part)
    with pytest.raises(OutputError, match=f"^{part}: not the columns of such an output"):
        open_output(folder, "parquet")


def test_damaged_parts_are_named(open_as, write_all, rows, folder):
    write_all(folder, "parquet", rows)
    part = folder / "part-000000.parquet"
    whole = bytearray(part.read_bytes())
    whole[4:400] = bytes(396)
    part.write_bytes(whole)
    with open_as(folder, "parquet") as output, pytest.raises(OutputError, match=f"^{part}: cannot be read as Parquet"):
        list(output.done())


def test_without_pyarrow_the_extra_is_named(folder):
    code = """if True:
        import sys
        from pathlib import Path
        from musiq.errors import MissingExtraError
        from musiq.outputs import open_output
        assert "pyarrow" not in sys.modules
        sys.modules["pyarrow"] = None
        try:
            open_output(Path(sys.argv[1]), "parquet")
        except MissingExtraError as error:
            print(error)"""
    told = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True).stdout
    assert told.startswith("writing Parquet needs the extra 'musiq[parquet]'")
    assert not folder.exists()
