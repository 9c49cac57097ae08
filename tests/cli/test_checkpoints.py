import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

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
    assert "warning: 24 images are few for intervals that hold 90% of the ratings; about 50" in result.stderr
    assert "warning" not in run("checkpoints", "calibrate", folder, out, "--name", "noise", "--coverage", 0.7).stderr
    assert run("checkpoints", "calibrate", folder, out, "--name", "noise").exit_code == 0
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


def test_a_card_is_completed(run, tiny, rated, tmp_path):
    """Figures of two splits, the licence and the data, beside what the folder held before."""
    folder, files = tmp_path / "mine", [tmp_path / "train.csv", tmp_path / "all.csv"]
    kept = replace(tiny, accuracy={"validation": {"images": 4, "srcc": 0.5}}, training_data=("a", "b"))
    save_checkpoint(kept, folder, {"epoch": 7})
    data = ("--data", rated / "rated.csv", "--images", rated, "--mos-range", "1:5", "--resamples", 0)
    for out, split in zip(files, (("--split", "train"), ()), strict=True):
        assert run("evaluate", folder, *data, *split, "--out", out).exit_code == 0
    result = run("checkpoints", "card", folder, *files, "--licence", "Apache-2.0")
    measured = "validation, rated.csv train, rated.csv"
    assert result.stdout.strip() == f"{folder / 'README.md'}: licence Apache-2.0; measured on {measured}"
    loaded = load_checkpoint(folder)
    assert (loaded.id, loaded.licence, loaded.training_data) == (tiny.id, "Apache-2.0", ("a", "b"))
    assert loaded.accuracy["validation"] == {"images": 4, "srcc": 0.5}
    for out, name in zip(files, ("rated.csv train", "rated.csv"), strict=True):
        with open(out, newline="") as file:
            rows = list(csv.DictReader(file))
        columns = [[float(row[column]) for row in rows] for column in ("mos", "score")]
        expected = {"images": len(rows), "srcc": spearmanr(*columns)[0], "plcc": pearsonr(*columns)[0]}
        assert loaded.accuracy[name] == pytest.approx(expected, abs=1e-4)
    card = (folder / "README.md").read_text()
    assert 'license: "apache-2.0"' in card
    assert "| rated.csv | images 24, srcc " in card
    assert json.loads((folder / "training.json").read_text()) == {"epoch": 7}
    assert run("checkpoints", "card", folder, "--trained-on", "c").exit_code == 0
    again = load_checkpoint(folder)
    assert (again.licence, again.training_data, again.accuracy) == ("Apache-2.0", ("c",), loaded.accuracy)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"weights_sha256": "0"}, "not known to be predictions of tiny-multiscale"),
        ({"preprocess": "other"}, "not known to be predictions of tiny-multiscale"),
        ({"figures": {"images": 3, "srcc": None, "plcc": 0.1}}, "SRCC and PLCC are not known"),
        ({"seen_images": 3}, "SRCC and PLCC of images unseen in training are not known"),
    ],
)
def test_figures_that_are_not_the_checkpoints_are_refused(run, tiny, tiny_folder, tmp_path, changes, named):
    before = (tiny_folder / "config.json").read_bytes()
    _write_facts(tmp_path, tiny, changes)
    result = run("checkpoints", "card", tiny_folder, tmp_path / "p.csv", "--licence", "MIT")
    assert (result.exit_code, named in str(result.exception)) == (2, True)
    assert (tiny_folder / "config.json").read_bytes() == before


def test_images_seen_in_training_do_not_count(run, tiny, tiny_folder, tmp_path):
    unseen = {"images": 1500, "srcc": 0.25, "plcc": 0.5}
    _write_facts(tmp_path, tiny, {"seen_images": 3, "figures_without_seen": unseen, "split_seed": 4})
    assert run("checkpoints", "card", tiny_folder, tmp_path / "p.csv").exit_code == 0
    name = "spaq test (split seed 4) (without 3 seen in training)"
    assert load_checkpoint(tiny_folder).accuracy == {name: unseen}
    assert f"| {name} | images 1,500, srcc 0.25, plcc 0.5 |" in (tiny_folder / "README.md").read_text()


def _write_facts(folder, checkpoint, changes):
    facts = {"weights_sha256": checkpoint.id, "preprocess": checkpoint.preprocess, "data": "spaq", "splits": ["test"]}
    figures = {"images": 3, "srcc": 0.1, "plcc": 0.1}
    (folder / "p.csv").write_text("image,mos,score\na,1,2\nb,2,3\nc,3,1\n")
    (folder / "p.json").write_text(json.dumps(facts | {"figures": figures} | changes))
