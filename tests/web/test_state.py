import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from typer.testing import CliRunner

from musiq.cli import app
from musiq.errors import StoreError
from musiq.rows import Row, Scoring
from musiq.store.store import Store
from musiq.web.state import State, served_alone


@pytest.fixture
def state(tmp_path):
    with closing(State(tmp_path / "store", "/photos/")) as state:
        yield state


def test_picks_are_of_whole_paths(state):
    state.put_picks(["/photos/a.jpg", "/photos/ü/b.jpg", "/photos2/c.jpg", "/photo/d.jpg"], "pick")
    state.put_picks(["/photos/a.jpg"], "reject")
    assert state.picks("/photos/") == {"a.jpg": "reject", "ü/b.jpg": "pick"}
    state.put_picks(["/photos/a.jpg", "/photos/none.jpg"], None)
    assert state.picks("/photos/") == {"ü/b.jpg": "pick"}


def test_rows_are_numbered_and_one_per_path(state):
    rows = [Row(name, float(place), notes=("n",)) for place, name in enumerate("cab")]
    for row in (*rows, Row("a", 9.0)):
        state.add_row("job", row, "scored")
    state.add_row("job", Row("d", kind="damaged", error="bad"), "damaged")
    state.add_row("other", Row("a", 9.0), "known")
    assert state.rows("job", 0, 3) == rows
    assert [row.path for row in state.rows("job", 2, 9)] == ["b", "d"]
    assert sorted(state.paths("job")) == ["a", "b", "c", "d"]
    assert state.outcomes("job") == {"scored": 3, "damaged": 1}


def test_jobs_are_of_a_folder_and_in_order(state, tmp_path):
    for id in ("b", "a"):
        state.put_job({"id": id, "state": "waiting"})
    state.put_job({"id": "b", "state": "done"})
    state.add_row("a", Row("x", 1.0), "scored")
    assert state.jobs() == [{"id": "b", "state": "done"}, {"id": "a", "state": "waiting"}]
    with closing(State(tmp_path / "store", "/elsewhere/")) as other:
        assert other.jobs() == []
    state.drop_job("a")
    assert state.jobs() == [{"id": "b", "state": "done"}]
    assert state.rows("a", 0, 9) == []


def test_many_threads_and_servers_write_at_once(state, tmp_path):
    with closing(State(tmp_path / "store", "/photos/")) as other, ThreadPoolExecutor(8) as pool:
        states = (state, other)
        list(
            pool.map(lambda number: states[number % 2].add_row("job", Row(f"{number % 50}", 1.0), "scored"), range(100))
        )
    assert sorted(map(int, state.paths("job"))) == list(range(50))
    with sqlite3.connect(tmp_path / "store") as plain:
        assert plain.execute("SELECT min(number), max(number), count(*) FROM web_rows").fetchone() == (0, 49, 50)
    plain.close()


def call(*arguments: object) -> str:
    """What a command prints, which must succeed."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_commands_of_stores_still_work(state, tmp_path):
    """The file is a store as before; what servers keep in it is left alone."""
    state.put_picks(["/photos/a.jpg"], "pick")
    state.put_job({"id": "a", "state": "done"})
    with Store(tmp_path / "store") as store:
        store.put(Row("a.jpg", 3.5, content="0" * 32), Scoring("w" * 64, "p", "fp32"), None)
    store = tmp_path / "store"
    assert "a.jpg" in call("store", "query", store, "--above", 0)
    call("store", "prune", store, "--failures", "--vacuum")
    call("store", "export", store, tmp_path / "rows.csv")
    assert "a.jpg,3.5" in (tmp_path / "rows.csv").read_text()
    assert (state.picks("/photos/"), state.jobs()) == ({"a.jpg": "pick"}, [{"id": "a", "state": "done"}])


def test_errors_name_the_file(tmp_path):
    (tmp_path / "no.sqlite").write_text("no store, but long enough to be taken for one" * 20)
    with pytest.raises(StoreError, match=r"no\.sqlite"):
        State(tmp_path / "no.sqlite", "/")


def test_one_server_for_a_folder_and_a_store(served, folder, tmp_path):
    client = served(folder=folder, store=tmp_path / "store", start=False)
    with pytest.raises(StoreError, match=f"{tmp_path}/store: another server serves {folder}/"):
        served(folder=folder, store=tmp_path / "store", start=False)
    served(folder=folder / "2024", store=tmp_path / "store", start=False)
    client.__exit__(None, None, None)
    served(folder=folder, store=tmp_path / "store", start=False)


def test_the_lock_is_gone_with_its_server(tmp_path):
    with served_alone(tmp_path / "store", "/photos/"):
        assert len(list(tmp_path.iterdir())) == 1
    assert not list(tmp_path.iterdir())
