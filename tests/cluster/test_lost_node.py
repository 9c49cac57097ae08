"""A node is killed while its actors score."""

import json
from collections import Counter

import pytest

from musiq.decode.limits import Limits
from musiq.decode.pool import Decoders
from musiq.inputs.item import File, Item
from musiq.runs.local import LocalEngine
from musiq.scorer import Scorer
from tests.cluster.conftest import PHOTOS
from tests.cluster.sources import HELD

HELD_AFTER = 60  # rows; the others wait until both nodes are at work, and one of them is lost


@pytest.fixture(scope="module")
def lost(start, cluster, folder):
    """Rows of a run that lost a node, how many came before, and what the driver said on stderr."""
    rows, before, held = [], None, folder / HELD
    with start("drive", cluster.address, "tiny") as driver:
        for line in driver.stdout:
            rows.append(json.loads(line))
            if len(rows) == HELD_AFTER:
                held.touch()
            if before is None and len(rows) >= HELD_AFTER and rows[-1]["nodes"] == 2:
                cluster.lose_node()
                before = len(rows)
                held.unlink()
        errors = driver.stderr.read()
    assert driver.returncode == 0
    return rows, before, errors


@pytest.fixture(scope="module")
def local(folder):
    """Rows by name of every fourth photo, the cut one among them, on this machine."""
    names = [f"photos/{number:03}.jpg" for number in range(3, PHOTOS, 4)]
    scorer = Scorer.load(folder / "tiny", threads=1)
    with Decoders(Limits()) as decoders:
        results = LocalEngine(scorer, decoders).results(Item(name, File(str(folder / name))) for name in names)
        return {result.row.path: result.row for result in results}


def test_every_photo_has_exactly_one_row(lost):
    rows, before, _ = lost
    assert before is not None
    assert before < PHOTOS
    assert Counter(row["path"] for row in rows) == {f"photos/{number:03}.jpg": 1 for number in range(PHOTOS)}


def test_rows_are_those_of_one_machine(lost, local):
    rows = {row["path"]: row for row in lost[0]}
    for name, one in local.items():
        row, theirs = rows[name], one.as_dict()
        assert row["stamp"]
        assert row["score"] == pytest.approx(theirs["score"], abs=1e-5)
        same = set(theirs) - {"score", "seconds", "time", "notes"}
        assert {name: row[name] for name in same} == {name: theirs[name] for name in same}


def test_a_damaged_photo_is_a_row(lost):
    (row,) = (row for row in lost[0] if row["error"] is not None)
    assert (row["path"], row["kind"]) == ("photos/007.jpg", "damaged")


def test_nothing_else_is_printed(lost):
    assert lost[2] == ""
