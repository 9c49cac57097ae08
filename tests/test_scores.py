import numpy as np
import pytest
from scipy.special import softmax as scipy_softmax

from musiq.scores import Population, ScoreRange, mean_opinion, rating_distribution, softmax, uncertainty


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
