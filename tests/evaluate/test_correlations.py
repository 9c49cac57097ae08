import time

import numpy as np
import pytest
from scipy import stats

from musiq.evaluate.correlations import agreement


def by_scipy(x, y):
    return [measure(x, y)[0] for measure in (stats.spearmanr, stats.pearsonr, stats.kendalltau)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("step", [0, 0.1, 1, 3])
def test_equals_scipy(seed, step):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 300 + 100 * seed))
    y = x + y
    if step:
        x, y = np.round(x / step), np.round(y / step)
    result = agreement(x, y)
    assert [result.srcc, result.plcc, result.krcc] == pytest.approx(by_scipy(x, y), abs=1e-12)
    assert result.rmse == pytest.approx(np.linalg.norm(x - y) / np.sqrt(len(x)), abs=1e-12)


def test_by_hand():
    result = agreement([1, 2, 3, 4], [1, 3, 2, 4])
    assert result.images == 4
    assert result.srcc == pytest.approx(1 - 6 * 2 / (4 * 15))
    assert result.krcc == pytest.approx(4 / 6)
    assert result.rmse == pytest.approx(np.sqrt(2 / 4))


def test_ties_by_hand():
    """Ranks 1.5 1.5 3 4 against 1 2 3 4; of 6 pairs 5 agree and 1 is tied in the first series."""
    result = agreement([1, 1, 2, 3], [1, 2, 3, 4])
    assert result.srcc == pytest.approx(4.5 / np.sqrt(4.5 * 5))
    assert result.krcc == pytest.approx(5 / np.sqrt(5 * 6))


@pytest.mark.parametrize(
    ("pair", "named"),
    [
        (([1, 1, 1], [1, 2, 3]), "all predictions are equal"),
        (([1, 2, 3], [2, 2, 2]), "all ratings are equal"),
        (([1, 1], [2, 2]), "all predictions and all ratings are equal"),
    ],
)
def test_a_constant_has_no_correlation_and_says_so(pair, named):
    with pytest.warns(RuntimeWarning, match=named):
        result = agreement(*pair)
    assert np.isnan([result.srcc, result.plcc, result.krcc]).all()
    assert np.isfinite(result.rmse)


@pytest.mark.parametrize("pair", [([1], [1]), ([1, 2], [1, 2, 3]), ([[1, 2]], [[1, 2]])])
def test_unequal_or_too_short_series_are_refused(pair):
    with pytest.raises(ValueError, match="two series of equal length"):
        agreement(*pair)


@pytest.mark.parametrize(
    ("pair", "named"),
    [
        (([1, np.nan, 3], [1, 2, 3]), "predictions hold nan at index 1; 1 are not finite"),
        (([1, 2, 3], [np.inf, 2, -np.inf]), "ratings hold inf at index 0; 2 are not finite"),
    ],
)
def test_numbers_that_are_not_finite_are_refused(pair, named):
    with pytest.raises(ValueError, match=named):
        agreement(*pair)


def test_a_quarter_of_a_million_rows_with_ties_take_seconds():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 100, 250_000)
    y = x + rng.integers(0, 100, 250_000)
    started = time.process_time()
    result = agreement(x, y)
    assert time.process_time() - started < 10
    assert [result.srcc, result.plcc, result.krcc] == pytest.approx(by_scipy(x, y), abs=1e-12)
