from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import interp1d
from scipy.special import softmax as scipy_softmax

from musiq.scores import (
    OwnScale,
    Population,
    ScoreRange,
    decimals,
    mean_opinion,
    rating_distribution,
    softmax,
    uncertainty,
)
from tests.made import PHOTO

OWN = OwnScale(1, 5, (20.0, 60.0, 80.0), (1.0, 2.0, 5.0), noise=0.5, name="9 ratings")


def test_softmax_equals_scipys():
    logits = np.random.default_rng(0).normal(0, 30, (5, 10)).astype(np.float32)
    np.testing.assert_allclose(softmax(logits), scipy_softmax(logits.astype(float), axis=1), rtol=1e-12)


def test_mean_opinion_by_hand():
    certain = np.full((1, 10), -1000.0)
    certain[0, 6] = 0
    assert mean_opinion(certain).tolist() == [7]
    assert mean_opinion(np.zeros((1, 10)))[0] == pytest.approx(5.5)
    assert mean_opinion(np.array([[0.25]]), factor=100).tolist() == [25]


def test_distribution():
    assert rating_distribution(np.zeros((2, 1))) == [None, None]
    (row,) = rating_distribution(np.zeros((1, 10)))
    assert row == pytest.approx([0.1] * 10)


def test_a_score_and_its_uncertainty():
    logits = np.array([[0.5, np.log(0.1)], [0.25, 0]])
    assert mean_opinion(logits, factor=100).tolist() == [50, 25]
    assert uncertainty(logits, factor=100) == pytest.approx([10, 100])
    assert rating_distribution(logits) == [None, None]
    assert uncertainty(np.zeros((3, 1))) is None
    assert uncertainty(np.zeros((3, 10))) is None


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (-3, "bad"),
        (0, "bad"),
        (19.9, "bad"),
        (20, "poor"),
        (40, "fair"),
        (79.9, "good"),
        (80, "excellent"),
        (104, "excellent"),
    ],
)
def test_bands_are_fifths_of_the_range(score, band):
    assert ScoreRange(0, 100).band(score) == band
    assert ScoreRange(1, 5).band(1 + score / 25) == band
    assert ScoreRange(0, 100, higher_is_better=False).band(99.95 - score) == band


def test_no_band_without_a_range():
    assert ScoreRange().band(50) is None


def test_percentiles():
    scores = np.random.default_rng(0).normal(50, 20, 5000)
    population = Population("5000 photos", tuple(np.quantile(scores, np.linspace(0, 1, 101)).tolist()))
    for score in (-100, 17.0, 50.0, 81.5, 200):
        assert population.percentile(score) == pytest.approx(100 * np.mean(scores < score), abs=0.5)
    with pytest.raises(ValueError, match="ascending"):
        Population("no photos", (3.0, 2.0))


def test_limits_of_bands():
    assert ScoreRange(1, 5).limits()["bad"] == pytest.approx((1, 1.8))
    assert list(ScoreRange(0, 100).limits().items())[3:] == [("good", (60, 80)), ("excellent", (80, 100))]
    assert ScoreRange(0, 100, higher_is_better=False).limits()["bad"] == (80, 100)
    assert ScoreRange().limits() == {}


def test_own_scale_by_hand():
    """Slope 1/40 up to 60, 3/20 from there on; straight on beyond the knots."""
    assert OWN.apply([10, 20, 40, 60, 70, 90]) == pytest.approx([0.75, 1, 1.5, 2, 3.5, 6.5])
    x = np.linspace(-50, 150, 301)
    assert OWN.apply(x) == pytest.approx(interp1d(OWN.scores, OWN.values, fill_value="extrapolate")(x))
    assert OWN.spread(60, 10) == pytest.approx(np.hypot((3.5 - 1.75) / 2, 0.5))
    assert OWN.spread([30, 70]) == pytest.approx([0.5, 0.5])
    assert OWN.range == ScoreRange(1, 5)


def test_the_id_of_an_own_scale_is_of_its_map():
    def changed(**fields):
        return OwnScale(**{**vars(OWN), **fields}).id

    assert len(OWN.id) == 8
    assert changed(name="other", noise=0.0) == changed(scores=[20, 60, 80]) == OWN.id
    assert len({OWN.id, changed(high=6), changed(scores=(20.0, 61.0, 80.0)), changed(values=(1.0, 2.0, 5.1))}) == 4


@pytest.mark.parametrize(
    ("low", "scores", "values", "named"),
    [
        (5, (0.0, 1.0), (1.0, 2.0), "low 5 must be below high 5"),
        (1, (0.0,), (1.0,), "1 scores and 1 values"),
        (1, (0.0, 1.0), (1.0, 2.0, 3.0), "2 scores and 3 values"),
        (1, (0.0, 1.0), (2.0, 2.0), "must ascend"),
        (1, (0.0, float("nan")), (1.0, 2.0), "must ascend"),
    ],
)
def test_no_map_that_does_not_rise(low, scores, values, named):
    with pytest.raises(ValueError, match=named):
        OwnScale(low, 5, scores, values)


@pytest.mark.parametrize(
    ("unknown", "said"),
    [
        (
            {},
            "82.6 of 0 to 100 (higher is better): excellent. Better than 91 % of 600 photos; people's rating lies "
            "within 75.1 and 90.1 with a probability of 90 %. Checkpoint default, trained on BIQ2021, SPAQ.",
        ),
        (
            {"percentile": None, "population": None},
            "82.6 of 0 to 100 (higher is better): excellent. People's rating lies within 75.1 and 90.1 with a "
            "probability of 90 %. Checkpoint default, trained on BIQ2021, SPAQ.",
        ),
        (
            {"low": 0, "high": 100, "higher_is_better": False, "interval": None, "coverage": None, "band": "bad"},
            "82.6 of 0 to 100 (lower is better): bad. Better than 9 % of 600 photos. Checkpoint default, trained on "
            "BIQ2021, SPAQ.",
        ),
        (
            {"low": None, "high": None, "band": None, "interval": None, "percentile": None, "training_data": ()},
            "82.64 (higher is better). Checkpoint default.",
        ),
    ],
)
def test_meaning(unknown, said):
    assert replace(PHOTO, **unknown).meaning() == said


@pytest.mark.parametrize(
    ("low", "high", "digits"), [(0, 100, 1), (1, 5, 2), (1, 10, 2), (0, 1, 3), (-500, 500, 0), (None, None, 2)]
)
def test_decimals(low, high, digits):
    assert decimals(low, high) == digits
