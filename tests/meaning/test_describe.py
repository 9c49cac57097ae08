import json
from dataclasses import replace

import numpy as np
import pytest

from musiq.meaning.describe import describe_columns, describe_meaning, describe_scale
from musiq.rows import Row, Scoring
from musiq.scorer import Scorer
from musiq.scores import Calibration, OwnScale, Population, ScoreRange

OWN = OwnScale(1, 5, (-1000.0, 0.0, 1000.0), (1.0, 2.0, 5.0), noise=0.3, name="50 ratings")


@pytest.fixture
def base(tiny):
    """Gives 250 whatever the image, uncertain by 100."""
    head = {"head.weight": np.zeros((2, 24), np.float32), "head.bias": np.array([250, np.log(100)], np.float32)}
    return replace(
        tiny,
        model=replace(tiny.model, outputs=2),
        weights={**tiny.weights, **head},
        score=ScoreRange(-1000, 1000),
        population=Population("3 photos", (-1000.0, 0.0, 1000.0)),
        calibration=Calibration(0.9, 2.0, "3 photos"),
        training_data=("A", "B"),
        licence="MIT",
    )


@pytest.fixture
def mapped(base):
    return replace(base, own_scale=OWN)


def test_a_checkpoint_that_knows_all(base):
    facts = describe_meaning(base)
    assert json.loads(json.dumps(facts)) == facts
    assert facts["bands"][0] == {"band": "bad", "low": -1000, "high": -600}
    assert facts["population"] == {"name": "3 photos", "quantiles": [-1000, 0, 1000]}
    assert facts["interval"] == {"coverage": 0.9, "name": "3 photos"}
    assert (facts["low"], facts["high"], facts["higher_is_better"]) == (-1000, 1000, True)
    assert (facts["training_data"], facts["licence"], facts["own_scale"]) == (["A", "B"], "MIT", None)
    assert describe_scale(base) == "-1000 to 1000, higher is better; checkpoint tiny-multiscale, trained on A, B"


def test_a_checkpoint_that_knows_nothing(tiny):
    facts = describe_meaning(replace(tiny, score=ScoreRange(), training_data=(), licence=""))
    unknown = ("low", "high", "population", "interval", "licence", "own_scale")
    assert [facts[name] for name in unknown] == [None] * 6
    assert (facts["bands"], facts["training_data"]) == ([], [])
    assert describe_scale(replace(tiny, score=ScoreRange(), training_data=())) == (
        "higher is better; checkpoint tiny-multiscale"
    )


def test_what_stands_beside_scores(base):
    said = "+- holds people's mean rating of 90 % of photos", "better than: of 3 photos"
    assert describe_columns(base) == "; ".join(said)
    assert describe_columns(replace(base, population=None)) == said[0]
    assert describe_columns(replace(base, population=None, calibration=None)) == ""


def test_a_scale_of_ones_own(mapped):
    facts = describe_meaning(mapped)
    assert json.loads(json.dumps(facts))["own_scale"]["values"] == [1, 2, 5]
    assert facts["population"]["quantiles"] == [1, 2, 5]
    assert (facts["low"], facts["high"], facts["bands"][4]["low"]) == (1, 5, pytest.approx(4.2))
    assert facts["preprocess"] == f"{mapped.patches.id}/scale-{OWN.id}"
    assert describe_scale(mapped).startswith("1 to 5, higher is better; checkpoint tiny-multiscale, scale learned from")


def test_any_but_the_published_preprocessing_is_named(tiny):
    assert describe_scale(tiny.under("pyiqa-bicubic")).endswith(
        "checkpoint tiny-multiscale, preprocessing pyiqa-bicubic"
    )


def test_scores_on_a_scale_of_ones_own(base, mapped, photo):
    """250 is 2.75 there; 100 to either side is 0.3, beside a noise of 0.3."""
    plain, own = Scorer.load(base).score(photo), Scorer.load(mapped).score(photo)
    away = 0.3 * 2**0.5
    assert (plain.mos, plain.uncertainty, *plain.interval) == pytest.approx((250, 100, 50, 450))
    assert (own.mos, own.uncertainty) == pytest.approx((2.75, away))
    assert own.interval == pytest.approx((2.75 - 2 * away, 2.75 + 2 * away))
    assert (own.percentile, own.population, own.training_data) == (plain.percentile, "3 photos", ("A", "B"))
    assert (own.low, own.high, own.band, plain.band) == (1, 5, "fair", "good")
    assert (own.weights, own.preprocess) == (plain.weights, f"{plain.preprocess}/scale-{OWN.id}")


def test_ten_outputs_have_no_distribution_on_another_scale(tiny_checkpoints, photo):
    own = OwnScale(0, 100, (1.0, 10.0), (0.0, 100.0))
    scorer = Scorer.load(replace(tiny_checkpoints["tiny-distribution"], own_scale=own))
    assert scorer.score(photo).distribution is None
    plain = Scorer.load(tiny_checkpoints["tiny-distribution"]).score(photo)
    assert scorer.score(photo).mos == pytest.approx((plain.mos - 1) / 9 * 100)


@pytest.mark.parametrize("cap", [None, 20])
def test_scores_before_and_after_the_map_do_not_compare(base, mapped, photo, cap):
    rows = {}
    for name, checkpoint in (("plain", base), ("own", mapped)):
        scorer = Scorer.load(checkpoint, max_patches=cap)
        rows[name] = scorer.make_row("a", scorer.score(photo)), scorer.scoring
    assert rows["own"][1].preprocess == f"{base.patches.id}/scale-{OWN.id}" + ("" if cap is None else "/max20")
    for name, (_, scoring) in rows.items():
        assert {other: scoring.covers(row) for other, (row, _) in rows.items()} == {
            other: other == name for other in rows
        }


def test_images_below_the_cap_keep_the_id_of_the_scale():
    plain = "google-v1/native/p32/g10"
    row = Row("a", weights="w", precision="fp32", preprocess=f"{plain}/scale-1a2b3c4d", width=160, height=128)
    assert Scoring("w", f"{plain}/scale-1a2b3c4d/max20", "fp32").covers(row)  # 5 x 4 patches
    assert not Scoring("w", f"{plain}/scale-1a2b3c4d/max19", "fp32").covers(row)
    assert not Scoring("w", f"{plain}/max20", "fp32").covers(row)
