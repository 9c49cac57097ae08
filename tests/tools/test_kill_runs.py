from tools.kill_runs import compare, kill_all


def test_killed_runs_have_the_rows_of_an_uninterrupted_one(tmp_path):
    """The same with 20,000 images and 20 kills: docs/runs.md."""
    outcomes = list(kill_all(tmp_path, count=600, kills=4))
    assert [outcome.kind for outcome in outcomes] == ["csv, uninterrupted", "csv", "parquet", "store, two processes"]
    for outcome in outcomes:
        assert outcome[2:] == (600, 0, 0, 0)
    assert sum(outcome.kills for outcome in outcomes) > 3


def test_what_is_wrong_is_counted():
    expected = {"a": "1.0", "b": "2.0", "c": "3.0"}
    found = iter([("a", "1.0"), ("b", "2.5"), ("a", "1.0")])
    assert compare("csv", 3, found, expected) == ("csv", 3, 3, 1, 1, 1)
