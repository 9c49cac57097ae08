import csv
import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from musiq.checkpoint import save_checkpoint
from musiq.cli import app
from musiq.scorer import Scorer
from musiq.scores import ScoreRange
from musiq.sources import load_checkpoint


@pytest.fixture(scope="module")
def rated_photos(tmp_path_factory, tiny_checkpoints, rated):
    """A checkpoint, 24 images with the stars of somebody who knows its scores, and 4 stars at least for the better."""
    folder = tmp_path_factory.mktemp("stars")
    scorer = Scorer.load(tiny_checkpoints["tiny-multiscale"])
    images = sorted(rated.glob("*.png"))
    scores = np.array([score.mos for score in scorer.score_many(images)])
    low, width = scores.min(), np.ptp(scores)
    plain = replace(scorer.checkpoint, score=ScoreRange(float(low - width), float(low + 2 * width)), name="plain")
    save_checkpoint(plain, folder / "plain", {"epochs": 3})
    stars = 1 + 4 * ((scores - low) / width) ** 2
    write(folder / "stars.csv", {path.name: star for path, star in zip(images, stars, strict=True)})
    return folder


@pytest.fixture(scope="module")
def calibrated(rated_photos, rated):
    """What the command printed; its checkpoint is in `mine`."""
    options = ("--ratings", rated_photos / "stars.csv", "--images", rated, "--mos-range", "1:5")
    options += ("--checkpoint", rated_photos / "plain", "--out", rated_photos / "mine")
    result = CliRunner().invoke(app, ["calibrate", *map(str, options)])
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def mine(calibrated, rated_photos):
    return rated_photos / "mine"


def write(path, stars):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([("image", "mos"), *((name, f"{star:.6f}") for name, star in stars.items())])


def stars_of(path):
    with open(path, newline="") as file:
        return {row["image"]: float(row["mos"]) for row in csv.DictReader(file)}


@pytest.fixture
def calibrate(call, rated_photos, rated, tmp_path):
    def run(ratings=None, images=rated, checkpoint=rated_photos / "plain", out=tmp_path / "mine", ends="1:5", code=0):
        options = {"--ratings": ratings or rated_photos / "stars.csv", "--images": images, "--mos-range": ends}
        options |= {"--checkpoint": checkpoint, "--out": out}
        return call("calibrate", *(part for option in options.items() for part in option), code=code)

    return run


def test_scores_come_on_the_scale_of_the_ratings(calibrated, mine, call, rated_photos, rated):
    shown = calibrated.stdout.splitlines()
    assert shown[0] == "24 ratings from 1 to 5, SRCC 1.000 with the scores"
    assert [line.split()[-2:] for line in shown[1:2]] == [["RMSE", "MAE"]]
    after, before, mean = (float(line.split()[-2]) for line in shown[2:5])
    assert after < 0.25 < before
    assert after < mean / 3
    assert shown[5].startswith("90 % intervals: +-0.")
    loaded, plain = load_checkpoint(mine), load_checkpoint(rated_photos / "plain")
    assert (loaded.id, loaded.name, loaded.score) == (plain.id, "mine", plain.score)
    assert loaded.graphs == plain.graphs
    facts = json.loads((mine / "training.json").read_text())["calibrated"]
    assert facts["training"] == {"epochs": 3}
    rows = call("score", rated, "--checkpoint", mine, "--format", "csv", "--quiet").stdout
    stars = stars_of(rated_photos / "stars.csv")
    for row in csv.DictReader(rows.splitlines()):
        name = row["path"].rpartition("/")[2]
        assert float(row["score"]) == pytest.approx(stars[name], abs=0.5)
        assert (row["low"], row["high"], row["preprocess"]) == ("1.0", "5.0", loaded.preprocess)


def test_it_is_evaluated_on_that_scale(mine, call, rated_photos, rated, tmp_path):
    options = ("--data", rated_photos / "stars.csv", "--images", rated, "--mos-range", "1:5", "--resamples", 0)
    call("evaluate", mine, *options, "--out", tmp_path / "p.csv")
    facts = json.loads((tmp_path / "p.json").read_text())
    assert (facts["low"], facts["high"], facts["preprocess"]) == (1, 5, load_checkpoint(mine).preprocess)
    assert facts["figures"]["rmse"] < 0.25
    assert facts["figures"]["coverage"]["found"] >= 0.8
    refused = call("checkpoints", "calibrate", mine, tmp_path / "p.csv", "--name", "x", code=2)
    assert "are mapped to a rating scale by `musiq calibrate`" in str(refused.exception)
    plain = rated_photos / "plain"
    other = call("checkpoints", "calibrate", plain, tmp_path / "p.csv", "--name", "x", code=2)
    assert "not known to be predictions of plain" in str(other.exception)


def test_a_calibrated_checkpoint_starts_from_the_networks_scores_again(calibrate, mine, rated_photos, tmp_path):
    write(tmp_path / "ten.csv", {name: 2 * star for name, star in stars_of(rated_photos / "stars.csv").items()})
    calibrate(ratings=tmp_path / "ten.csv", checkpoint=mine, out=tmp_path / "ten", ends="2:10")
    first, again = load_checkpoint(mine), load_checkpoint(tmp_path / "ten")
    at = first.own_scale.scores
    assert again.own_scale.apply(at) == pytest.approx(2 * first.own_scale.apply(at), rel=1e-5)
    assert list(again.accuracy) == ["24 ratings in ten.csv, cross-validated"]


def test_a_store_keeps_scores_before_and_after_apart(mine, call, rated_photos, rated, tmp_path):
    found = {}
    for checkpoint in (rated_photos / "plain", mine, rated_photos / "plain"):
        options = ("--store", tmp_path / "s.sqlite", "--format", "jsonl")
        result = call("score", rated / "00.png", "--checkpoint", checkpoint, *options)
        found.setdefault(checkpoint.name, []).append(json.loads(result.stdout)["score"])
    assert found["plain"][0] == found["plain"][1] != found["mine"][0]
    assert "1 known to the store" in result.stderr
    assert "; checkpoint plain" in result.stderr
    lines = call("store", "query", tmp_path / "s.sqlite").stdout.splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["plain", "mine"]
    assert "preprocessing do not compare" in str(call("store", "compare", tmp_path / "s.sqlite", code=2).exception)


def test_images_that_fail_are_named_and_the_others_used(calibrate, rated_photos, rated, tmp_path):
    stars = stars_of(rated_photos / "stars.csv")
    for name in stars:
        (tmp_path / name).write_bytes((rated / name).read_bytes())
    (tmp_path / "03.png").write_text("no image")
    result = calibrate(images=tmp_path, code=1)
    assert "03.png" in result.stderr
    assert "1 of 24 images failed; the others were used" in result.stderr
    assert load_checkpoint(tmp_path / "mine").own_scale.name == "23 ratings in stars.csv"


def test_images_that_were_trained_on_are_named(calibrate, rated_photos, rated, tmp_path):
    from musiq.data.record import Record
    from musiq.data.seen import seen_list

    plain = load_checkpoint(rated_photos / "plain")
    listed = seen_list([Record(rated / "20.png", "a training image")])
    save_checkpoint(replace(plain, training_images=listed), tmp_path / "seen")
    warned = calibrate(checkpoint=tmp_path / "seen").stderr
    assert "of 24 images are near-duplicates of images that the network was trained on" in " ".join(warned.split())


@pytest.mark.parametrize(
    ("stars", "ends", "named"),
    [
        ({"00.png": 3.0, "01.png": 4.0}, "1:5", "2 ratings are too few"),
        ({"00.png": 3.0, "01.png": 5.5}, "1:5", "5.5"),
        ({"00.png": 3.0, "gone.png": 5.0}, "1:5", "row 3: image 'gone.png' is not in"),
        ({"00.png": 3.0}, "5:1", "MOS range 5..1: the worst value must be below the best"),
    ],
)
def test_ratings_that_cannot_be_used(calibrate, tmp_path, stars, ends, named):
    write(tmp_path / "r.csv", stars)
    assert named in str(calibrate(ratings=tmp_path / "r.csv", ends=ends, code=2).exception)
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("image,mos\n00.png,3\n00.png,4\n", "row 3: image '00.png' stands already in"),
        ("image,stars\n00.png,3\n", "column mos is missing"),
        ("image,mos\n00.png,good\n", "row 2: mos 'good' is not a number"),
        ("", "column image, mos is missing"),
    ],
)
def test_tables_that_are_none(calibrate, tmp_path, text, named):
    (tmp_path / "r.csv").write_text(text)
    assert named in str(calibrate(ratings=tmp_path / "r.csv", code=2).exception)


def test_a_folder_that_holds_something_is_left_alone(calibrate, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note.txt").touch()
    assert "not an empty folder" in str(calibrate(code=2).exception)


def test_without_scipy_the_extra_is_named(calibrate, monkeypatch):
    monkeypatch.setitem(sys.modules, "musiq.meaning.calibrate", None)
    assert "musiq[explain]" in str(calibrate(code=2).exception)
