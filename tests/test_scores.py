import numpy as np
import pytest
from scipy.special import softmax as scipy_softmax

from musiq.scores import mean_opinion, rating_distribution, softmax


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
