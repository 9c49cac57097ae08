from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import pytest
from PIL import Image

from musiq.decode.limits import Limits
from musiq.decode.pool import Decoders
from musiq.inputs.expand import Inputs
from musiq.inputs.item import Held, Item
from musiq.rows import Row
from musiq.runs.local import LocalEngine
from musiq.runs.run import run
from musiq.runs.summary import Summary
from musiq.scorer import Scorer
from musiq.store import Store


@pytest.fixture(scope="module")
def decoders():
    with Decoders(Limits()) as pool:
        yield pool


@pytest.fixture
def photos(tmp_path, photo) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(5):
        Image.fromarray(photo[index * 30 : index * 30 + 70, :90]).save(folder / f"{index}.png")
    (folder / "2.png").write_bytes(b"not an image")
    return folder


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "scores.sqlite") as opened:
        yield opened


@pytest.mark.parametrize("workers", [1, 3])
def test_rows_say_what_the_scorer_says_and_where_it_came_from(workers, tiny, decoders, photos):
    scorer = Scorer.load(tiny, workers=workers)
    engine = LocalEngine(scorer, decoders)
    rows = [result.row for result in engine.results(Inputs((str(photos),)))]
    assert [row.path for row in rows] == [f"{photos}/{index}.png" for index in range(5)]
    for row in rows:
        content = Path(row.path).read_bytes()
        assert (row.bytes, row.content) == (len(content), blake2b(content, digest_size=16).hexdigest())
        assert (row.weights, row.precision, row.runtime) == (tiny.id, "fp32", "onnx")
    good = [row for row in rows if row.error is None]
    assert [row.score for row in good] == [scorer.score(row.path).mos for row in good]
    assert {(row.width, row.height, row.preprocess) for row in good} == {(90, 70, tiny.patches.id)}
    assert (rows[2].kind, rows[2].score) == ("not-an-image", None)
    assert rows[2].error == "not an image, or of a format that is not supported here"


@pytest.mark.parametrize("runtime", ["onnx", "torch"])
def test_single_results_beside_each_other_are_those_of_a_run(runtime, tiny, decoders, photos, store):
    scorer = Scorer.load(tiny, runtime=runtime)
    items = list(Inputs((str(photos),)))
    expected = [result.row for result in LocalEngine(scorer, decoders).results(items)]
    engine = LocalEngine(scorer, decoders, store)
    with ThreadPoolExecutor(3) as pool:
        found = [result.row for result in pool.map(engine.result, items)]
    assert [row.kind for row in found] == [row.kind for row in expected] == [None, None, "not-an-image", None, None]
    scores = [[row.score for row in rows if row.score is not None] for rows in (found, expected)]
    assert scores[0] == pytest.approx(scores[1], 1e-5)
    store.put(found[0], engine.scoring, items[0].source.stamp())
    assert (engine.result(items[0]).row, engine.result(items[0]).known) == (found[0], "path")


def test_a_batching_runtime_gives_the_same_rows(tiny, decoders, photos):
    onnx, torch = (LocalEngine(Scorer.load(tiny, runtime=name), decoders) for name in ("onnx", "torch"))
    ours, theirs = ([result.row for result in engine.results(Inputs((str(photos),)))] for engine in (onnx, torch))
    assert [row.kind for row in ours] == [row.kind for row in theirs]
    assert [row.score for row in ours if row.score] == pytest.approx([row.score for row in theirs if row.score], 1e-4)


def test_what_the_store_knows_is_not_scored(tiny, decoders, photos, store, monkeypatch):
    engine = LocalEngine(Scorer.load(tiny), decoders, store)
    items = Inputs((str(photos),))
    first = list(run(items, engine, store=store))
    monkeypatch.setattr(Scorer, "_score", None)  # nothing can be scored any more
    (photos / "0.png").rename(photos / "9.png")
    summary = Summary()
    second = list(run(items, engine, store=store, summary=summary))
    assert (summary.scored, summary.known, summary.failed) == (0, 4, 1)
    expected = sorted(
        (replace(row, path=row.path.replace("0.png", "9.png")) for row in first), key=lambda row: row.path
    )
    assert second == expected


def test_a_changed_file_is_scored_again(tiny, decoders, photos, store):
    engine = LocalEngine(Scorer.load(tiny), decoders, store)
    before = {row.path: row.score for row in run(Inputs((str(photos),)), engine, store=store)}
    path = f"{photos}/3.png"
    Image.open(f"{photos}/4.png").rotate(90).save(path)
    after = {row.path: row.score for row in run(Inputs((str(photos),)), engine, store=store)}
    assert {name for name in after if after[name] != before[name]} == {path}


def test_failures_are_tried_again_only_when_asked(tiny, decoders, photos, store):
    scorer, items = Scorer.load(tiny), Inputs((str(photos),))
    list(run(items, LocalEngine(scorer, decoders, store), store=store))
    for retry_errors, known in ((False, "path"), (True, None)):
        results = LocalEngine(scorer, decoders, store, retry_errors).results(items)
        assert [result.known for result in results] == ["path", "path", known, "path", "path"]


def test_done_names_and_names_that_stand_twice_are_skipped(tiny, decoders, photos):
    engine = LocalEngine(Scorer.load(tiny), decoders)
    twice = Inputs((str(photos), f"{photos}/*.png"))
    summary = Summary()
    rows = list(run(twice, engine, done=[Row(f"{photos}/0.png")], summary=summary))
    assert [row.path for row in rows] == [f"{photos}/{index}.png" for index in range(1, 5)]
    assert (summary.rows, summary.skipped) == (4, 6)


def test_items_are_taken_only_a_little_ahead(tiny, decoders):
    taken = []

    def endless():
        while True:
            taken.append(Item(f"{len(taken)}.png", Held(b"x")))
            yield taken[-1]

    results = LocalEngine(Scorer.load(tiny, workers=2), decoders).results(endless())
    names = [next(results).row.path for _ in range(20)]
    results.close()
    assert names == [f"{index}.png" for index in range(20)]
    assert len(taken) <= 20 + 5
