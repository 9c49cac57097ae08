import numpy as np
import pytest
from scipy import stats
from scipy.interpolate import PchipInterpolator

from musiq.meaning.fit import STRENGTHS, Ends, choose_strength, cross_validate, fit_map, folds, learn_map

ENDS = Ends(0, 100, 1, 5)
GRID = np.linspace(0, 100, 1001)


def scores_of(count, seed=0):
    return np.random.default_rng(seed).uniform(10, 90, count)


def test_a_line_is_recovered_from_exact_ratings():
    x = scores_of(50)
    own = learn_map(x, 1.5 + 3 * x / 100, ENDS)
    assert own.apply(GRID) == pytest.approx(1.5 + 3 * GRID / 100, abs=1e-4)


def test_a_curve_is_recovered_from_exact_ratings():
    known = PchipInterpolator([0, 40, 70, 100], [1, 1.6, 3.5, 5])
    x = scores_of(100)
    own = learn_map(x, known(x), ENDS)
    among = np.linspace(x.min(), x.max(), 501)
    assert own.apply(among) == pytest.approx(known(among), abs=0.1)


def test_the_strongest_penalty_leaves_the_regression_line():
    x = scores_of(60)
    y = 3 + 0.02 * (x - 50) + np.random.default_rng(1).normal(0, 0.3, 60)
    slope, start, *_ = stats.linregress(x, y)
    assert fit_map(x, y, ENDS, STRENGTHS[0]).apply(GRID) == pytest.approx(start + slope * GRID, abs=2e-3)


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("seed", range(5))
def test_maps_rise_within_the_scale_whatever_the_ratings(seed, strength):
    rng = np.random.default_rng(seed)
    x, y = scores_of(8 + 10 * seed, seed), rng.choice([1.0, 5.0, rng.uniform(1, 5)], 8 + 10 * seed)
    values = fit_map(x, y, ENDS, strength).apply(GRID)
    assert np.diff(values).min() > 0
    assert values.min() >= 1 - 1e-12
    assert values.max() <= 5 + 1e-12


def test_a_steep_map_bends_at_the_ends_of_the_scale():
    """Stars from 1 to 5 between the scores 40 and 60: below and above there is nothing left but the flattest slope."""
    x = np.linspace(40, 60, 41)
    own = learn_map(x, 1 + (x - 40) / 5, ENDS)
    assert own.apply([40, 45, 55, 60]) == pytest.approx([1, 2, 4, 5], abs=0.05)
    assert own.apply([0, 100]) == pytest.approx([1, 5])
    assert own.apply(40) - own.apply(0) == pytest.approx(0.01 * 4 * 0.4, abs=0.01)


def test_scores_that_are_nearly_all_equal():
    x = np.array([50.0] * 9 + [50.001])
    y = np.array([3.0] * 9 + [4.0])
    assert np.diff(learn_map(x, y, ENDS).apply(GRID)).min() > 0


def test_noise_is_not_followed():
    x = scores_of(50)
    y = np.clip(3 + np.random.default_rng(0).normal(0, 1, 50), 1, 5)
    assert choose_strength(x, y, ENDS) == STRENGTHS[0]


def test_folds_hold_each_score_once_and_all_look_alike():
    x = scores_of(57)
    held = np.array([held for _, held in folds(x)])
    assert (held.sum(axis=0) == 1).all()
    assert all((fitted == ~held).all() for fitted, held in folds(x))
    assert np.ptp([x[part].mean() for part in held]) < 12
    assert sum(1 for _ in folds(x[:8])) == 8


def test_no_rating_is_predicted_from_itself():
    x, away = scores_of(40), np.full(40, 5.0)
    y = 1 + 4 * x / 100
    other = y.copy()
    other[7] = 5 if y[7] < 3 else 1
    before, after = cross_validate(x, away, y, ENDS), cross_validate(x, away, other, ENDS)
    for name in ("predicted", "spread", "mean"):
        assert getattr(after, name)[7] == getattr(before, name)[7]
    assert (after.mean != before.mean).sum() == 40 - 4  # all but its fold
