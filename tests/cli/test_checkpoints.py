import json
from dataclasses import replace

import numpy as np
import pytest

from musiq.checkpoint import save_checkpoint
from musiq.scores import ScoreRange
from musiq.sources import load_checkpoint
from tests.conftest import REFERENCE


def test_the_list_tells_range_data_licence_and_accuracy(run, default_checkpoint):
    result = run("checkpoints")
    assert result.exit_code == 0
    assert default_checkpoint.id[:12] in result.stdout
    for word in ("default", "0..100", "BIQ2021", "Apache-2.0", "SRCC"):
        assert word in result.stdout


def test_import_keeps_the_weights_and_takes_what_the_user_says(run, tmp_path):
    source = REFERENCE / "tiny-multiscale.npz"
    out = tmp_path / "out"
    options = ["--name", "koniq", "--low", "0", "--high", "100", "--trained-on", "KonIQ-10k", "--licence", "Apache-2.0"]
    assert run("checkpoints", "import", source, out, *options).exit_code == 0
    imported = load_checkpoint(out)
    assert imported.id == load_checkpoint(source).id
    assert (imported.name, imported.score.high, imported.training_data) == ("koniq", 100, ("KonIQ-10k",))
    assert json.loads((out / "training.json").read_text()) == {"imported_from": source.name}


def test_import_never_overwrites(run, tmp_path):
    (tmp_path / "note.txt").touch()
    result = run("checkpoints", "import", REFERENCE / "tiny-single.npz", tmp_path)
    assert result.exit_code == 2
    assert "not an empty folder" in str(result.exception)


def test_half_a_range_is_wrong_usage(run, tmp_path):
    assert run("checkpoints", "import", REFERENCE / "tiny-single.npz", tmp_path / "out", "--low", "1").exit_code == 2


def test_average(run, tiny, tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder, by in zip(folders, (0, 3), strict=True):
        weights = {name: array + np.float32(by) for name, array in tiny.weights.items()}
        save_checkpoint(replace(tiny, weights=weights), folder, {"seed": by})
    result = run("checkpoints", "average", *folders, "--share", "2", "--share", "1", "--out", tmp_path / "mean")
    mean = load_checkpoint(tmp_path / "mean")
    assert result.stdout.strip() == f"{tmp_path / 'mean'}: mean, weights {mean.id[:12]}"
    np.testing.assert_allclose(mean.weights["head.bias"], tiny.weights["head.bias"] + 1, atol=1e-5)
    facts = json.loads((tmp_path / "mean" / "training.json").read_text())["averaged"]
    assert [(one["checkpoint"], one["share"]) for one in facts] == [(str(folders[0]), 2), (str(folders[1]), 1)]
    assert [one["training"] for one in facts] == [{"seed": 0}, {"seed": 3}]
    assert facts[0]["weights_sha256"] == tiny.id
    again = run("checkpoints", "average", *folders, "--out", tmp_path / "mean")
    assert again.exit_code == 2
    assert "not an empty folder" in str(again.exception)


def test_calibrate(run, tiny, rated, tmp_path):
    model = replace(tiny.model, outputs=2)
    head = {
        "head.weight": np.diag([1e-3, 0]).astype(np.float32) @ np.eye(2, 24, dtype=np.float32),
        "head.bias": np.array([0.5, -1], np.float32),
    }
    weights, folder, out = {**tiny.weights, **head}, tmp_path / "mine", tmp_path / "p.csv"
    save_checkpoint(replace(tiny, model=model, weights=weights, score=ScoreRange(1, 5, factor=4)), folder, {"epoch": 7})
    rating = ("--data", rated / "rated.csv", "--images", rated, "--mos-range", "1:5", "--out", out)
    assert run("evaluate", folder, *rating).exit_code == 0
    result = run("checkpoints", "calibrate", folder, out, "--name", "noise")
    assert result.stdout.strip() == f"{folder}: population, calibration from 24 photos: noise"
    loaded = load_checkpoint(folder)
    assert (loaded.calibration.coverage, loaded.population.name) == (0.9, "24 photos: noise")
    assert loaded.population.quantiles[50] == pytest.approx(2, abs=0.1)
    assert json.loads((folder / "training.json").read_text()) == {"epoch": 7}
    assert "held by 90% intervals" in run("evaluate", folder, *rating).stdout
    facts = json.loads(out.with_suffix(".json").read_text())
    assert facts["figures"]["coverage"]["found"] >= 0.9
    save_checkpoint(tiny, folder)
    other = run("checkpoints", "calibrate", folder, out, "--name", "noise")
    assert other.exit_code == 2
    assert "not known to be predictions of tiny-multiscale" in str(other.exception)
