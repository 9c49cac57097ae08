import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from musiq import Scorer
from musiq.data.record import DataSet, Record
from musiq.data.seen import seen_list
from musiq.errors import DataError
from musiq.evaluate.correlations import agreement
from musiq.evaluate.files import read_predictions
from musiq.evaluate.predictions import evaluate_checkpoint
from musiq.scores import Calibration, ScoreRange

IMAGES = 12


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """12 pictures of noise at falling contrast; the last two belong to another split, one is not rated."""
    folder, rng = tmp_path_factory.mktemp("rated"), np.random.default_rng(0)
    records = []
    for index in range(IMAGES + 1):
        noise = rng.integers(0, 256, (12, 15, 3), np.uint8)
        pixels = np.asarray(Image.fromarray(noise).resize((90, 70))) * (1 - index / 15)
        name = f"{index:02d}.png"
        Image.fromarray(pixels.astype(np.uint8)).save(folder / name)
        mos = np.nan if index == IMAGES else 5 - index / 4
        records.append(Record(folder / name, name, mos, "test" if index < 10 else "train"))
    return DataSet("toy", tuple(records), 1, 5)


@pytest.fixture(scope="module")
def scorer(tiny_checkpoints):
    return Scorer.load(replace(tiny_checkpoints["tiny-multiscale"], score=ScoreRange(0, 100)), threads=1)


def evaluate(scorer, data, out, splits=("test",), **options):
    return evaluate_checkpoint(scorer, data, splits, out, **{"resamples": 50, **options})


def test_files_hold_what_was_scored_and_measured(scorer, data, tmp_path):
    result = evaluate(scorer, data, tmp_path / "p.csv", split_seed=3)
    rows = list(csv.DictReader((tmp_path / "p.csv").read_text().splitlines()))
    assert [row["image"] for row in rows] == [f"{index:02d}.png" for index in range(10)]
    assert list(rows[0]) == ["image", "mos", "score"]
    for row, record in zip(rows, data.records, strict=False):
        assert float(row["score"]) == pytest.approx(scorer.score(record.image).mos, rel=1e-5, abs=1e-6)
        assert float(row["mos"]) == pytest.approx((record.mos - 1) / 4 * 100)
    read = read_predictions(tmp_path / "p.csv")
    again = agreement(read.scores, read.mos)
    assert result.figures.agreement.srcc == pytest.approx(again.srcc)
    assert result.figures.agreement.rmse == pytest.approx(again.rmse)
    facts = json.loads((tmp_path / "p.json").read_text())
    assert (facts["data"], facts["splits"], facts["split_seed"]) == ("toy", ["test"], 3)
    assert facts["weights_sha256"] == scorer.checkpoint.id
    assert facts["preprocess"] == scorer.checkpoint.patches.id
    assert facts["figures"]["images"] == 10
    assert facts["figures"]["plcc"] == pytest.approx(again.plcc)
    assert set(facts["figures"]["srcc_interval"]) == {"low", "high"}
    assert facts["seen_images"] is None


def test_unrated_images_are_left_out_and_scales_that_are_unknown_stay(scorer, data, tmp_path, tiny):
    plain = replace(data, low=np.nan, high=np.nan)
    result = evaluate(scorer, plain, tmp_path / "p.csv", splits=())
    assert result.figures.agreement.images == IMAGES
    np.testing.assert_allclose(result.predictions.mos, [record.mos for record in data.records[:IMAGES]])
    result = evaluate(Scorer.load(tiny, threads=1), data, tmp_path / "p.csv")
    np.testing.assert_allclose(result.predictions.mos, [record.mos for record in data.records[:10]])


def test_ten_outputs_give_distributions_accuracy_and_mse(tiny_checkpoints, data, tmp_path):
    scorer = Scorer.load(tiny_checkpoints["tiny-distribution"], threads=1)
    result = evaluate(scorer, data, tmp_path / "p.csv")
    rows = list(csv.DictReader((tmp_path / "p.csv").read_text().splitlines()))
    shares = np.array([[float(row[f"p{rating}"]) for rating in range(1, 11)] for row in rows])
    np.testing.assert_allclose(shares @ np.arange(1, 11), [float(row["score"]) for row in rows], rtol=1e-4)
    mos = result.predictions.mos
    assert result.figures.mse == pytest.approx(np.mean((result.predictions.scores - mos) ** 2))
    assert result.figures.accuracy == np.mean((result.predictions.scores > 5) == (mos > 5))


def test_images_that_the_set_wants_reduced_are_reduced(scorer, data, tmp_path):
    records = tuple(replace(record, shorter_side_px=40) for record in data.records)
    result = evaluate(scorer, replace(data, records=records), tmp_path / "p.csv")
    assert result.predictions.scores[0] == pytest.approx(scorer.score(records[0].pixels()).mos, rel=1e-5, abs=1e-6)
    assert records[0].pixels().shape[0] == 40


def test_training_images_are_found_and_left_out_of_a_second_row(tiny, data, tmp_path):
    listed = seen_list(data.records[7:9])
    scorer = Scorer.load(replace(tiny, training_images=listed), threads=1)
    result = evaluate(scorer, data, tmp_path / "p.csv", resamples=0)
    assert {(pair.test, pair.training, pair.bits_apart) for pair in result.seen} >= {
        ("07.png", "07.png", 0),
        ("08.png", "08.png", 0),
    }
    unseen = [name not in {pair.test for pair in result.seen} for name in result.predictions.images]
    again = agreement(result.predictions.scores[unseen], result.predictions.mos[unseen])
    assert result.unseen_figures.agreement == again
    facts = json.loads((tmp_path / "p.json").read_text())
    assert facts["seen_images"] == len(result.seen)
    assert facts["seen"][0]["test"] == result.seen[0].test
    assert facts["figures_without_seen"]["images"] == again.images
    assert evaluate(scorer, data, tmp_path / "p.csv", check_seen=False).seen is None


def test_nothing_seen_has_no_second_row(tiny, data, tmp_path):
    result = evaluate(Scorer.load(replace(tiny, training_images=seen_list([])), threads=1), data, tmp_path / "p.csv")
    assert (result.seen, result.unseen_figures) == ((), None)


@pytest.mark.parametrize("reduced", [None, 40])
def test_an_unreadable_image_is_named_and_nothing_is_written(scorer, data, tmp_path, reduced):
    (tmp_path / "bad.png").write_text("no picture")
    bad = Record(tmp_path / "bad.png", "bad.png", 3, "test", shorter_side_px=reduced)
    with pytest.raises(DataError, match=r"bad\.png"):
        evaluate(scorer, replace(data, records=(*data.records, bad)), tmp_path / "p.csv")
    assert not (tmp_path / "p.csv").exists()


def test_a_split_of_nothing_says_which_splits_there_are(scorer, data, tmp_path):
    with pytest.raises(DataError, match=r"toy: 0 rated images of split val; .*'test', 'train'"):
        evaluate(scorer, data, tmp_path / "p.csv", ("val",))


def test_intervals_are_written_and_judged(data, tiny, tmp_path):
    """Wider than the scale they hold every rating, next to nothing wide none."""
    model = replace(tiny.model, outputs=2)
    head = {
        "head.weight": np.diag([1e-3, 0]).astype(np.float32) @ np.eye(2, 24, dtype=np.float32),
        "head.bias": np.array([50, 0], np.float32),
    }
    checkpoint = replace(tiny, model=model, weights={**tiny.weights, **head}, score=ScoreRange(0, 100))
    for factor, held in ((60.0, 1), (1e-6, 0)):
        sure = replace(checkpoint, calibration=Calibration(0.9, factor, "none"))
        result = evaluate_checkpoint(Scorer.load(sure), data, out=tmp_path / "p.csv", resamples=0, check_seen=False)
        assert result.figures.coverage.found == held
        assert result.figures.coverage.width == pytest.approx(2 * factor)
        rows = list(csv.DictReader((tmp_path / "p.csv").read_text().splitlines()))
        assert {row["uncertainty"] for row in rows} == {"1"}
        assert [float(row["interval_low"]) for row in rows] == pytest.approx([50 - factor] * len(rows), abs=0.1)
    plain = evaluate_checkpoint(Scorer.load(tiny), data, out=tmp_path / "p.csv", resamples=0, check_seen=False)
    assert plain.figures.coverage is None
