from benchmarks import store


def test_steps_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "SINGLE", 100)
    rows = {}
    for name in store.STEPS:
        step = store.run_step(name, tmp_path / "scores.sqlite", 2000)
        assert step["seconds"] > 0
        assert 20e6 < step["peak"] < 4e9
        rows[name] = step["rows"]
    assert list(rows.values()) == [2000, 100, 100, 21, 2100]
    with open(tmp_path / "scores.csv", encoding="utf-8") as file:
        assert sum(1 for _ in file) == 2101


def test_rows_are_the_same_each_time():
    assert store.entry(7) == store.entry(7) != store.entry(8)


def test_a_line_of_the_table():
    step = {"rows": 20_000, "seconds": 4.0, "peak": 56_700_000}
    assert store.line("name", step) == "| name | 20,000 | 4.00 s | 5,000 | 57 MB |"
