"""Runs that are killed while they write, and runs that meet on one output."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from musiq.errors import OutputError
from musiq.outputs import lock, open_output, read_rows
from musiq.outputs.parquet import ParquetOutput

WRITER = """
    import sys
    from pathlib import Path
    from musiq.outputs import open_output
    from musiq.outputs.parquet import ParquetOutput
    from musiq.rows import Row

    path, format, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with ParquetOutput(path, rows_per_part=7) if format == "parquet" else open_output(path, format) as output:
        done = {row.path for row in output.done()}
        print("ready", flush=True)
        for index in range(count):
            if (name := f"{index}\\n.jpg") not in done:
                output.write(Row(name, score=index / 7, notes=("x" * (index % 50),)))
                print(index, flush=True)
    print("closed", flush=True)
"""

FORKED = """
    import os, signal, sys, time
    from pathlib import Path
    from musiq.outputs import open_output

    output = open_output(Path(sys.argv[1]), "csv")
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        time.sleep(60)
        os._exit(0)
    sys.stdin.readline()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def start(code, *arguments):
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(("format", "count"), [("csv", 3_000), ("jsonl", 2_000), ("parquet", 150)])
def test_no_row_is_lost_or_repeated_by_kills(format, count, tmp_path):
    path, acknowledged, kills = tmp_path / "out", set(), 0
    while True:
        with start(WRITER, path, format, count) as run:
            told = [run.stdout.readline() for _ in range(20 + kills)]  # then it dies, wherever it is
            if kills < 3:
                run.kill()
            told += run.stdout
        acknowledged |= {int(line) for line in told if line.strip().isdigit()}
        if "closed\n" in told:
            break
        kills += 1
        there = [row.path for row in read_rows(path)]
        assert len(there) == len(set(there))
        assert acknowledged <= {int(name.split()[0]) for name in there}
    assert kills >= 2
    found = sorted((row.score, row.path, len(row.notes[0]) if row.notes else 0) for row in read_rows(path))
    assert found == [(index / 7, f"{index}\n.jpg", index % 50) for index in range(count)]


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_a_second_run_is_refused_until_the_first_is_killed(format, tmp_path):
    with start(WRITER, tmp_path / "out", format, 10**9) as run:
        assert [run.stdout.readline() for _ in range(2)] == ["ready\n", "0\n"]
        for options in ({}, {"retry_errors": True}, {"overwrite": True}):
            with pytest.raises(OutputError, match="another run is writing to it"):
                open_output(tmp_path / "out", format, **options)
        run.kill()
    assert next(read_rows(tmp_path / "out")).path == "0\n.jpg"
    with open_output(tmp_path / "out", format) as output:
        assert next(output.done()).path == "0\n.jpg"


def test_a_file_that_was_replaced_is_locked_anew(tmp_path, rows):
    with open_output(tmp_path / "out", "csv") as output:
        output.write(rows[0])
    with open_output(tmp_path / "out", "csv", retry_errors=True), pytest.raises(OutputError, match="another run"):
        open_output(tmp_path / "out", "csv")


def test_a_file_that_is_replaced_before_it_is_locked_is_opened_again(tmp_path, rows, monkeypatch):
    path, take = tmp_path / "out", lock._lock

    def late(file, name):
        monkeypatch.undo()
        (tmp_path / "new").touch()
        (tmp_path / "new").replace(path)
        take(file, name)

    monkeypatch.setattr(lock, "_lock", late)
    with open_output(path, "csv") as output:
        output.write(rows[0])
    assert [row.path for row in read_rows(path)] == [rows[0].path]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_child_of_a_killed_run_does_not_hold_the_file(tmp_path):
    with start(FORKED, tmp_path / "out") as run:
        child = int(run.stdout.readline())
        run.stdin.write("go\n")
        run.stdin.flush()
        assert run.wait(10) == -signal.SIGKILL
        open_output(tmp_path / "out", "csv").close()
        os.kill(child, signal.SIGKILL)


def test_the_folder_of_parts_is_free_again_when_closed(tmp_path):
    for _ in range(2):
        with ParquetOutput(tmp_path / "out"), pytest.raises(OutputError, match="another run"):
            ParquetOutput(tmp_path / "out")
