import io
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from musiq.checkpoint import load_folder, save_checkpoint
from musiq.errors import CheckpointError, InputError
from musiq.integrations.datasets import score_batch
from musiq.scorer import Scorer
from musiq.scores import Calibration

datasets = pytest.importorskip("datasets")
Photo = datasets.Features({"id": datasets.Value("int32"), "image": datasets.Image()})


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()


@pytest.fixture
def folder(tmp_path, tiny):
    save_checkpoint(tiny, tmp_path / "tiny")
    return tmp_path / "tiny"


def picture(level):
    pixels = np.random.default_rng(level).integers(0, level, (40, 60, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def mixed(tmp_path):
    """Six rows as `datasets` holds images: bytes, a path, and what is none."""
    (tmp_path / "c.png").write_bytes(picture(90))
    cells = [
        {"bytes": b"no image", "path": None},
        {"bytes": picture(30), "path": None},
        {"bytes": picture(60), "path": "b.png"},
        {"bytes": None, "path": str(tmp_path / "c.png")},
        None,
        {"bytes": None, "path": str(tmp_path / "gone.png")},
    ]
    return datasets.Dataset.from_dict({"id": list(range(6)), "image": cells}, Photo)


@pytest.fixture
def expected(tiny):
    scorer = Scorer.load(tiny)
    return [None, *(scorer.score(picture(level)).mos for level in (30, 60, 90)), None, None]


REASONS = [
    "not an image, or of a format that is not supported here",
    None,
    None,
    None,
    "the cell is empty",
    "no such file",
]


@pytest.mark.parametrize("batch_size", [1, 4, 1000])
def test_scores_and_errors_become_columns(mixed, folder, expected, batch_size):
    scored = mixed.map(score_batch(folder), batched=True, batch_size=batch_size)
    assert scored.column_names == ["id", "image", "score", "error"]
    assert (scored["score"][:], scored["error"][:]) == (pytest.approx(expected), REASONS)
    assert scored.features["score"] == datasets.Value("float64")
    assert scored.features["error"] == datasets.Value("string")
    assert scored[1]["image"].size == (60, 40)


def test_in_processes(mixed, folder, expected):
    scored = mixed.map(score_batch(folder, threads=1), batched=True, batch_size=2, num_proc=2, remove_columns=["image"])
    assert (scored["score"][:], scored["error"][:]) == (pytest.approx(expected), REASONS)


def test_other_columns_of_a_row(mixed, folder, tiny):
    names = ("score", "kind", "width", "notes", "weights", "preprocess", "runtime")
    scored = mixed.map(score_batch(folder, columns=names), batched=True)
    assert scored.column_names == ["id", "image", *names]
    assert scored["kind"][:] == ["not-an-image", None, None, None, "missing", "missing"]
    assert scored["width"][:] == [None, 60, 60, 60, None, None]
    assert set(scored["weights"]) == {tiny.id}
    with pytest.raises(ValueError, match=r"no column 'path', 'mos'; there are: score, interval_low"):
        score_batch(folder, columns=("path", "mos"))


@pytest.mark.parametrize("kind", ["paths", "pictures", "bytes", "arrays"])
def test_other_kinds_of_images(kind, folder, expected, tmp_path):
    """As generic batches, which streamed data sets and plain code hand over."""
    paths = [tmp_path / f"{level}.png" for level in (30, 60, 90)]
    for path in paths:
        path.write_bytes(picture(int(path.stem)))
    images = {
        "paths": str,
        "pictures": lambda path: Image.open(io.BytesIO(path.read_bytes())),
        "bytes": Path.read_bytes,
        "arrays": lambda path: np.array(Image.open(io.BytesIO(path.read_bytes()))),
    }[kind]
    assert score_batch(folder, column="photo")({"photo": list(map(images, paths))})["score"] == pytest.approx(
        expected[1:4]
    )


def test_a_column_of_paths_and_a_stream(folder, expected, tmp_path):
    (tmp_path / "30.png").write_bytes(picture(30))
    paths = datasets.Dataset.from_dict({"file": [str(tmp_path / "30.png"), str(tmp_path / "no.png"), None]})
    scored = paths.map(score_batch(folder, column="file"), batched=True)
    assert scored["score"][:] == [pytest.approx(expected[1]), None, None]
    assert scored["error"][:] == [None, "no such file", "the cell is empty"]
    stream = paths.to_iterable_dataset().map(score_batch(folder, column="file"), batched=True, batch_size=2)
    assert [row["error"] for row in stream] == scored["error"][:]


def test_results_are_found_again_until_the_checkpoint_changes(mixed, folder, tiny, tmp_path):
    mixed.select([0, 1, 2]).save_to_disk(tmp_path / "set")
    rows = datasets.load_from_disk(str(tmp_path / "set"))

    def files(**options):
        return rows.map(score_batch(folder, **options), batched=True).cache_files

    first = files()
    assert files() == first
    assert files(columns=("score",)) != first
    assert files(preprocess="pyiqa-bicubic") != first
    save_checkpoint(replace(tiny, calibration=Calibration(0.9, 2.5, "8 photos")), folder)
    calibrated = files()
    assert calibrated != first
    weights = {**tiny.weights, "head.bias": tiny.weights["head.bias"] + 1}
    save_checkpoint(replace(tiny, weights=weights), folder)
    assert files() not in (first, calibrated)
    save_checkpoint(tiny, folder)
    assert files() == first


def test_one_scorer_for_a_process(folder, monkeypatch):
    loads = []
    load = Scorer.load
    monkeypatch.setattr(
        Scorer, "load", lambda *arguments, **options: loads.append(arguments) or load(*arguments, **options)
    )
    function = score_batch(folder)
    assert loads == []
    for _ in range(2):
        function({"image": [picture(30)]})
    assert len(loads) == 1
    sent = pickle.loads(pickle.dumps(function))
    assert len(pickle.dumps(function)) < 1000
    assert sent({"image": [picture(30)]}) == function({"image": [picture(30)]})
    assert len(loads) == 2


def test_a_checkpoint_that_changes_meanwhile_is_refused(folder, tiny):
    function = score_batch(folder)
    save_checkpoint(replace(tiny, weights={**tiny.weights, "head.bias": tiny.weights["head.bias"] + 1}), folder)
    assert load_folder(folder).id != tiny.id
    with pytest.raises(CheckpointError, match="tiny: not the checkpoint any more that the data set is scored with"):
        function({"image": [picture(30)]})


def test_a_column_that_is_not_there(mixed, folder):
    with pytest.raises(InputError, match="the data set has no column 'photo'; its columns are: 'id', 'image'"):
        mixed.map(score_batch(folder, column="photo"), batched=True)
    with pytest.raises(CheckpointError, match="no such file or folder"):
        score_batch("nowhere")
