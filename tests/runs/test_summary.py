import json

import pytest

from musiq.rows import Row
from musiq.runs.engine import Result
from musiq.runs.log import EventLog
from musiq.runs.summary import Summary

SCORES = {"a": 5.0, "b": 95.0, "c": 55.0, "d": 51.0, "e": -3.0, "f": 100.0}


@pytest.fixture
def summary():
    summary = Summary(0, 100)
    for path, score in SCORES.items():
        summary.add(Result(Row(path, score=score), known="content" if path == "c" else None))
    for path, kind in (("x", "damaged"), ("y", "timeout"), ("z", "damaged")):
        summary.add(Result(Row(path, kind=kind, error="why")))
    summary.skipped = 4
    return summary


def test_a_continued_run_tells_of_what_it_skipped(summary):
    assert "of these 6 alone, without what was skipped:" in summary.lines()
    assert summary.warnings() == []
    summary.failed_before = 2
    for letter in "abcdef":
        summary.changed.add(letter)
    failed, changed = summary.warnings()
    assert failed.startswith("2 of the skipped failed in an earlier run and were not tried again; --retry-errors")
    assert changed.startswith("6 of the skipped have changed since they were scored (a, b, c, and 3 more)")
    assert (summary.as_dict()["failed_before"], summary.as_dict()["changed"]) == (2, 6)


def test_counts(summary):
    facts = summary.as_dict()
    assert {name: facts[name] for name in ("rows", "scored", "known", "failed", "skipped")} == {
        "rows": 9,
        "scored": 5,
        "known": 1,
        "failed": 3,
        "skipped": 4,
    }
    assert facts["errors"] == {"damaged": 2, "timeout": 1}
    assert facts["mean"] == pytest.approx(sum(SCORES.values()) / 6)


def test_histogram_has_tenths_of_the_scale_and_what_lies_outside_at_its_ends(summary):
    assert summary.as_dict()["histogram"] == [2, 0, 0, 0, 0, 2, 0, 0, 0, 2]


def test_best_and_worst(summary):
    assert summary.best == [(100, "f"), (95, "b"), (55, "c")]
    assert summary.worst == [(-3, "e"), (5, "a"), (51, "d")]


def test_where_lower_is_better():
    summary = Summary(0, 100, higher_is_better=False)
    for path, score in SCORES.items():
        summary.add(Result(Row(path, score=score)))
    assert summary.best[0] == (-3, "e")
    assert summary.worst[0] == (100, "f")


def test_lines_for_people(summary):
    text = "\n".join(summary.lines())
    assert "5 scored, 1 known to the store, 3 failed, 4 skipped (already in the results)" in text
    assert "0 |█    █   █| 100" in text
    assert "failed  damaged 2, timeout 1" in text


def test_names_cannot_steer_the_terminal():
    summary = Summary()
    summary.add(Result(Row("a\x1b[31m\n.jpg", score=1.0)))
    assert not any("\x1b" in line or "\n" in line for line in summary.lines())


def test_an_empty_run_has_a_summary():
    summary = Summary(0, 100)
    assert summary.lines()[0].startswith("0 scored")
    assert json.dumps(summary.as_dict())


def test_the_log_has_an_object_per_event(summary, tmp_path):
    path = tmp_path / "log.jsonl"
    for _ in range(2):
        with EventLog(path) as log:
            log.write("end", **summary.as_dict())
    events = list(map(json.loads, path.read_text().splitlines()))
    assert [event["event"] for event in events] == ["end", "end"]
    assert events[0]["errors"] == {"damaged": 2, "timeout": 1}
    assert events[0]["time"].endswith("+00:00")


def test_a_log_that_cannot_be_written_names_itself(tmp_path):
    with pytest.raises(ValueError, match="--log .*nowhere/log: No such file"):
        EventLog(tmp_path / "nowhere" / "log")
