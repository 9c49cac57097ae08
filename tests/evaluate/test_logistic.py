import warnings

import numpy as np
import pytest
from scipy import stats

from musiq.evaluate.logistic import logistic, logistic_agreement


@pytest.fixture
def x():
    return np.random.default_rng(0).uniform(0, 100, 400)


def curve(x, top, bottom, middle, width):
    """The formula as VQEG prints it."""
    return (top - bottom) / (1 + np.exp(-(x - middle) / abs(width))) + bottom


def test_the_formula(x):
    np.testing.assert_allclose(logistic(x, 5, 1, 40, -9), curve(x, 5, 1, 40, 9), rtol=1e-12)


@pytest.mark.parametrize("parameters", [(5, 1, 40, 9), (1, 5, 40, 9), (0.9, 0.1, 95, 20), (100, 0, 50, 2)])
def test_a_noise_free_curve_is_found(x, parameters):
    result = logistic_agreement(x, curve(x, *parameters))
    assert result.plcc == pytest.approx(1, abs=1e-6)
    assert result.rmse == pytest.approx(0, abs=1e-3)


def test_noise_is_what_remains(x):
    noise = np.random.default_rng(1).normal(0, 0.2, 400)
    rated = curve(x, 5, 1, 40, 9) + noise
    result = logistic_agreement(x, rated)
    assert result.rmse == pytest.approx(np.sqrt(np.mean(noise**2)), rel=0.02)
    assert stats.pearsonr(x, rated).statistic < result.plcc < 1


def test_units_of_the_predictions_do_not_matter(x):
    rated = curve(x, 5, 1, 40, 9) + np.random.default_rng(1).normal(0, 0.2, 400)
    small = logistic_agreement(x, rated)
    large = logistic_agreement(1e4 * x - 3e7, rated)
    assert (large.plcc, large.rmse) == pytest.approx((small.plcc, small.rmse), rel=1e-5)


def test_a_straight_line_loses_nothing(x):
    rated = x + np.random.default_rng(1).normal(0, 20, 400)
    assert logistic_agreement(x, rated).plcc >= stats.pearsonr(x, rated).statistic - 1e-3


def test_a_falling_curve_maps_onto_the_ratings(x):
    assert logistic_agreement(-x, curve(x, 5, 1, 40, 9)).plcc == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("pair", "named"),
    [
        (([1, 2, 3, 4], [1, 2, 3, 4]), "4 images are too few"),
        (([1] * 6, range(6)), "all predictions are equal"),
        ((range(6), [1] * 6), "all ratings are equal"),
    ],
)
def test_no_fit_is_nan_with_a_warning(pair, named):
    with pytest.warns(RuntimeWarning, match=named):
        result = logistic_agreement(*(list(series) for series in pair))
    assert np.isnan([result.plcc, result.rmse]).all()


def test_no_convergence_is_nan_with_a_warning(x, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("Optimal parameters not found")

    monkeypatch.setattr("musiq.evaluate.logistic.curve_fit", fail)
    with pytest.warns(RuntimeWarning, match="does not converge"):
        assert np.isnan(logistic_agreement(x, x**2).plcc)


@pytest.mark.parametrize("seed", range(20))
def test_noise_alone_neither_crashes_nor_warns_of_arithmetic(seed):
    rng = np.random.default_rng(seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the logistic fit does not converge")
        result = logistic_agreement(rng.normal(size=8), rng.integers(0, 3, 8))
    assert np.isnan(result.plcc) or 0 <= result.plcc <= 1
