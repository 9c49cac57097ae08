"""The code of docs/hub.md against the libraries that it is for; pages as a whole run in tests/docs."""

import contextlib
import io
import sqlite3

import numpy as np
import pytest
from PIL import Image

from musiq.checkpoint import save_checkpoint
from musiq.errors import ImageError
from musiq.scorer import Scorer
from tests.docs.blocks import read_blocks

pytest.importorskip("polars")
pytest.importorskip("duckdb")


def block(words):
    """The one block of the page that holds the words."""
    (found,) = [one.text for one in read_blocks("docs/hub.md") if words in one.text]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tiny_checkpoints):
    """Three photos, a file that is none, and the tiny checkpoint in place of the default one."""
    folder = tmp_path_factory.mktemp("frames")
    (folder / "photos").mkdir()
    for level in (30, 60, 90):
        pixels = np.random.default_rng(level).integers(0, level, (40, 60, 3), np.uint8)
        Image.fromarray(pixels).save(folder / "photos" / f"{level}.jpg")
    (folder / "photos" / "text.jpg").write_text("no image")
    save_checkpoint(tiny_checkpoints["tiny-multiscale"], folder / "default")
    return folder


@pytest.fixture
def page(folder, monkeypatch):
    """Runs blocks of the page in one set of names, and tells what they print."""
    monkeypatch.chdir(folder)
    load = Scorer.load
    monkeypatch.setattr(Scorer, "load", lambda **options: load(**({"checkpoint": "./default"} | options)))
    names = {"paths": sorted(str(path.relative_to(folder)) for path in folder.glob("photos/*.jpg"))}
    names["known"] = [
        None if isinstance(result, ImageError) else result.mos
        for result in load("./default").score_many(names["paths"])
    ]

    def run(*words):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            for one in words:
                exec(block(one), names)
        return names, printed.getvalue()

    return run


def test_pandas(page):
    names, _ = page("def scores", "pandas.DataFrame")
    np.testing.assert_array_equal(names["frame"]["score"], np.array(names["known"], float))


def test_polars(page):
    names, _ = page("def scores", "polars.DataFrame")
    assert names["table"]["score"].to_list() == names["known"]
    assert names["table"]["path"].to_list() == names["paths"]


def test_duckdb(page):
    names, printed = page("def scores", "create_function")
    try:
        found = names["duckdb"].sql("SELECT file, photo_score(file) FROM glob('photos/*.jpg') ORDER BY file").fetchall()
        assert found == list(zip(names["paths"], names["known"], strict=True))
        assert "photos/30.jpg" in printed
    finally:
        names["duckdb"].remove_function("photo_score")


def test_what_a_run_wrote(page):
    from typer.testing import CliRunner

    from musiq.cli import app

    command = ["score", "photos", "--checkpoint", "./default", "--output", "scores.csv", "--store", "scores.sqlite"]
    for line, code in ((command, 1), (["store", "export", "scores.sqlite", "scores.parquet"], 0)):  # 1: a file failed
        assert CliRunner().invoke(app, line).exit_code == code
    names, printed = page("def scores", "pandas.DataFrame", "polars.DataFrame", "import duckdb", "import sqlite3")
    names["duckdb"].remove_function("photo_score")
    known = dict(zip(names["paths"], names["known"], strict=True))
    scored = {path: score for path, score in known.items() if score is not None}
    found = names["duckdb"].sql("SELECT path, score FROM 'scores.csv' ORDER BY path").fetchall()
    assert dict(found) == pytest.approx(known)
    parquet = names["polars"].read_parquet("scores.parquet/*.parquet")
    assert dict(zip(parquet["path"], parquet["score"], strict=True)) == pytest.approx(known)
    with sqlite3.connect("scores.sqlite") as store:
        read = names["pandas"].read_sql(names["query"], store)
    store.close()
    assert dict(zip(read["path"], read["score"], strict=True)) == pytest.approx(scored)
    assert printed.count("photos/30.jpg") >= 3
