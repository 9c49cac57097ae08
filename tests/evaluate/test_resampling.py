import numpy as np
import pytest
from scipy import stats

from musiq.evaluate.resampling import Spread, bootstrap_intervals, plcc, random_splits, srcc

RHO = 0.7


def normal_pairs(images, seed):
    x, noise = np.random.default_rng(seed).normal(size=(2, images))
    return x, RHO * x + np.sqrt(1 - RHO**2) * noise


def test_correlations_along_rows_equal_scipys():
    x, y = np.random.default_rng(0).integers(0, 9, (2, 5, 40))
    np.testing.assert_allclose(srcc(x, y), [stats.spearmanr(*pair).statistic for pair in zip(x, y, strict=True)])
    np.testing.assert_allclose(plcc(x, y), [stats.pearsonr(*pair).statistic for pair in zip(x, y, strict=True)])


def test_intervals_cover_the_truth_as_often_as_they_say():
    """Bivariate normal: PLCC is rho, SRCC is 6 / pi * asin(rho / 2). Of 150 trials, 133 to 149 hit (p > 0.99)."""
    truth = (6 / np.pi * np.arcsin(RHO / 2), RHO)
    hits = np.zeros(2)
    for trial in range(150):
        intervals = bootstrap_intervals(*normal_pairs(120, trial), resamples=300, seed=trial)
        hits += [interval.low <= true <= interval.high for interval, true in zip(intervals, truth, strict=True)]
    assert (hits >= 133).all()
    assert (hits <= 149).all()


def test_intervals_have_the_width_of_theory():
    """Fisher: atanh of PLCC has a standard error of 1 / sqrt(N - 3)."""
    x, y = normal_pairs(2000, 0)
    _, interval = bootstrap_intervals(x, y, 2000)
    width = np.arctanh(interval.high) - np.arctanh(interval.low)
    assert width == pytest.approx(2 * 1.96 / np.sqrt(1997), rel=0.1)


def test_a_seed_decides_the_interval():
    pair = normal_pairs(50, 0)
    assert bootstrap_intervals(*pair, 100, seed=1) == bootstrap_intervals(*pair, 100, seed=1)
    assert bootstrap_intervals(*pair, 100, seed=1) != bootstrap_intervals(*pair, 100, seed=2)


@pytest.mark.parametrize(
    ("pair", "named"),
    [((np.arange(9), np.arange(9)), "9 images are too few"), ((np.ones(20), np.arange(20)), "all predictions")],
)
def test_no_interval_is_nan_with_a_warning(pair, named):
    with pytest.warns(RuntimeWarning, match=named):
        intervals = bootstrap_intervals(*pair)
    assert np.isnan([[interval.low, interval.high] for interval in intervals]).all()


def test_spread_by_hand():
    assert Spread.over([1, 2, 6]) == Spread(3, 2, pytest.approx(np.sqrt(7)))
    assert np.isnan(Spread.over([1.0]).std)


def test_random_splits_surround_the_whole():
    x, y = normal_pairs(2000, 0)
    for spread, whole in zip(random_splits(x, y, 200), (srcc(x, y), plcc(x, y)), strict=True):
        assert spread.mean == pytest.approx(whole, abs=0.01)
        assert spread.median == pytest.approx(whole, abs=0.01)
        assert 0 < spread.std < 0.05


def test_a_split_of_everything_is_the_whole():
    x, y = normal_pairs(50, 0)
    ranks, _ = random_splits(x, y, 3, share=1)
    assert (ranks.mean, ranks.median, ranks.std) == pytest.approx((float(srcc(x, y)),) * 2 + (0,))


def test_groups_stay_whole():
    """Two groups of opposite trends: a split holds one of them whole, so its correlation is 1 or -1, never between."""
    x = np.tile(np.arange(10.0), 2)
    y = np.concatenate([np.arange(10.0), -np.arange(10.0)])
    groups = ["up"] * 10 + ["down"] * 10
    for seed in range(20):
        ranks, _ = random_splits(x, y, 1, groups=groups, share=0.5, seed=seed)
        assert abs(ranks.mean) == pytest.approx(1)
    assert abs(random_splits(x, y, 1, share=0.5)[0].mean) < 1


@pytest.mark.parametrize("options", [{"share": 0}, {"share": 1.1}, {"share": 0.01}, {"count": 0}])
def test_impossible_splits_are_refused(options):
    with pytest.raises(ValueError, match="needs 1 split of 2 images"):
        random_splits(np.arange(50), np.arange(50), **{"count": 3, **options})
