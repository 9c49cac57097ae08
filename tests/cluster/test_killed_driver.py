"""The driver is killed in the middle of a run, and started again."""

import json
import time

import pytest

from musiq.cluster.engine import RayEngine
from musiq.decode.limits import Limits
from musiq.store.store import Store
from tests.cluster.conftest import PHOTOS
from tests.cluster.drive import items

KILLED_AFTER = 60  # rows
PATIENCE_S = 120


@pytest.fixture(scope="module")
def summary(start, cluster, folder):
    """Summary of the second start."""
    run = ("drive", cluster.address, "tiny", "rows.jsonl", "store.db")
    with start(*run) as driver:
        deadline = time.monotonic() + PATIENCE_S
        while count_lines(folder / "rows.jsonl") < KILLED_AFTER and time.monotonic() < deadline:
            time.sleep(0.02)
        driver.kill()
    with start(*run) as driver:
        output, errors = driver.communicate()
    assert errors == ""
    return json.loads(output)


def count_lines(path):
    return path.read_text().count("\n") if path.exists() else 0


def test_it_goes_on(summary):
    assert summary["skipped"] >= KILLED_AFTER
    assert summary["skipped"] + summary["scored"] + summary["known"] + summary["failed"] == PHOTOS
    assert summary["scored"] > 0


def test_every_photo_has_exactly_one_row(summary, folder):
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
    assert sorted(row["path"] for row in rows) == [f"photos/{number:03}.jpg" for number in range(PHOTOS)]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:ray")
def test_what_the_store_knows_needs_no_cluster(summary, folder, monkeypatch):
    monkeypatch.chdir(folder)
    with Store(folder / "store.db") as store:
        engine = RayEngine({"checkpoint": "tiny"}, Limits(), store=store)
        results = list(engine.results(items()))
    assert len(results) == PHOTOS
    assert {result.known for result in results} == {"path"}
    assert [result.row.path for result in results if result.row.kind == "damaged"] == ["photos/007.jpg"]
