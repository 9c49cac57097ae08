"""Several writers at once, and writers that are killed."""

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from musiq.store import Store
from tests.store.writers import TOGETHER, entry

ROOT = Path(__file__).parents[2]
LOST = """
SELECT count(*) FROM scores WHERE content NOT IN (SELECT id FROM contents) OR scoring NOT IN (SELECT id FROM scorings)
UNION ALL SELECT count(*) FROM files WHERE content NOT IN (SELECT content FROM scores)
UNION ALL SELECT count(*) FROM failures WHERE path NOT IN (SELECT path FROM files)
"""


def start(path, first, last):
    """A writer that has been imported and waits for a line."""
    command = [sys.executable, "-m", "tests.store.writers", str(path), str(first), str(last)]
    writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert writer.stdout.readline() == "ready\n"
    return writer


def go(*writers):
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()


def rows_of(path):
    """Paths in the file, which must open and be whole, by SQLite alone."""
    Store(path).close()
    with closing(sqlite3.connect(path)) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert store.execute(LOST).fetchall() == [(0,), (0,), (0,)]
        scores = store.execute("SELECT path FROM files JOIN scores USING (content)").fetchall()
        failures = store.execute("SELECT path FROM failures").fetchall()
    assert len(set(scores)) == len(scores)
    return {path for (path,) in scores + failures}


def test_two_processes_make_and_fill_a_store_together(tmp_path):
    path = tmp_path / "scores.sqlite"
    writers = start(path, 0, 2100), start(path, 1400, 3500)
    go(*writers)
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    assert rows_of(path) == {f"{index}.jpg" for index in range(3500)}
    with Store(path) as store:
        for index in (0, 1, 1399, 1400, 2099, 2100, 3499):
            row, scoring, stamp = entry(index)
            assert store.known(row.path, stamp, scoring) == row


def test_kills_leave_no_half_rows(tmp_path):
    path, chance, there = tmp_path / "scores.sqlite", random.Random(0), 0
    for turn in range(4):
        writer = start(path, turn * 10**6, (turn + 1) * 10**6)
        go(writer)
        assert writer.stdout.readline() == f"{TOGETHER}\n"
        said = kill(writer, chance.uniform(0, 0.15))
        rows = len(rows_of(path))
        assert rows % TOGETHER == 0
        assert rows >= there + TOGETHER + said  # what was put is there
        there = rows


def test_kills_while_a_store_is_made(tmp_path):
    for turn in range(4):
        path = tmp_path / str(turn)
        writer = start(path, 0, 10**6)
        go(writer)
        said = kill(writer, turn / 500)
        rows = len(rows_of(path))
        assert rows % TOGETHER == 0
        assert rows >= said


def kill(writer, after_s):
    """Kills a writer that has more to do; how many rows it has put since it was last read."""
    time.sleep(after_s)
    writer.kill()
    said, _ = writer.communicate()
    assert writer.returncode == -9
    return TOGETHER * said.count("\n")
