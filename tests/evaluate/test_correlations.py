import warnings

import numpy as np
import pytest
from scipy import stats

from musiq.evaluate.correlations import agreement


@pytest.mark.parametrize("ties", [False, True])
def test_equals_scipy(ties):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 500))
    y = x + y
    if ties:
        x, y = np.round(x), np.round(y)
    result = agreement(x, y)
    assert result.srcc == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert result.plcc == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-12)
    assert result.krcc == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)


def test_by_hand():
    result = agreement([1, 2, 3, 4], [1, 3, 2, 4])
    assert result.images == 4
    assert result.srcc == pytest.approx(1 - 6 * 2 / (4 * 15))
    assert result.krcc == pytest.approx(4 / 6)
    assert result.rmse == pytest.approx(np.sqrt(2 / 4))


def test_a_constant_has_no_correlation():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = agreement([1, 1, 1], [1, 2, 3])
    assert np.isnan([result.srcc, result.plcc, result.krcc]).all()


@pytest.mark.parametrize("pair", [([1], [1]), ([1, 2], [1, 2, 3]), ([[1, 2]], [[1, 2]])])
def test_unequal_or_too_short_series_are_refused(pair):
    with pytest.raises(ValueError, match="two series of equal length"):
        agreement(*pair)
