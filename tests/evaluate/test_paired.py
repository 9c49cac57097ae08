from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from musiq.errors import DataError
from musiq.evaluate.files import Predictions
from musiq.evaluate.paired import compare, compare_predictions


def three(images, noise_a, noise_b, seed):
    rng = np.random.default_rng(seed)
    rated = rng.normal(size=images)
    return rated + noise_a * rng.normal(size=images), rated + noise_b * rng.normal(size=images), rated


def test_figures_are_scipys():
    a, b, y = three(60, 0.5, 1, 0)
    result = compare(a, b, y, 100)
    assert result.images == 60
    assert result.srcc.first == pytest.approx(stats.spearmanr(a, y).statistic)
    assert result.plcc.second == pytest.approx(stats.pearsonr(b, y).statistic)
    assert result.srcc.difference == pytest.approx(result.srcc.first - result.srcc.second)
    assert result.plcc.interval.low < result.plcc.difference < result.plcc.interval.high


def test_without_a_difference_p_is_uniform():
    """60 pairs of equally noisy checkpoints; Kolmogorov-Smirnov on the 60 p-values."""
    results = [compare(*three(40, 1, 1, seed), resamples=200, seed=seed) for seed in range(60)]
    for values in ([one.srcc.p for one in results], [one.plcc.p for one in results]):
        assert stats.kstest(values, "uniform").pvalue > 0.01


def test_a_clear_difference_has_a_small_p():
    result = compare(*three(300, 0.3, 1.5, 0), resamples=500)
    for difference in (result.srcc, result.plcc):
        assert difference.p < 0.01
        assert difference.interval.low > 0


def test_few_images_are_permuted_exactly():
    """10 images have 2 ** 10 ways of swapping: p is a multiple of 2 / 1024, by enumeration here."""
    a, b, y = three(10, 0.5, 1.5, 3)
    ranks = [stats.rankdata(series) for series in (a, b, y)]
    observed = stats.pearsonr(ranks[0], ranks[2])[0] - stats.pearsonr(ranks[1], ranks[2])[0]
    null = []
    for number in range(1024):
        swap = (number >> np.arange(10)) % 2 == 1
        left, right = np.where(swap, ranks[1], ranks[0]), np.where(swap, ranks[0], ranks[1])
        null.append(stats.pearsonr(left, ranks[2])[0] - stats.pearsonr(right, ranks[2])[0])
    share = min(np.mean(np.array(null) >= observed - 1e-9), np.mean(np.array(null) <= observed + 1e-9))
    assert compare(a, b, y, 2000).srcc.p == pytest.approx(min(1, 2 * share))


def test_units_of_a_checkpoint_do_not_matter():
    a, b, y = three(80, 0.5, 1, 0)
    assert compare(100 * a + 7, b, y, 200).plcc.p == compare(a, b, y, 200).plcc.p


@pytest.mark.parametrize("series", [np.ones(20), np.arange(5.0)])
def test_what_cannot_be_compared_is_refused(series):
    with pytest.raises(ValueError, match="a comparison needs 10"):
        compare(series, series, series)


def predictions(name, images, scores, mos):
    return Predictions(Path(f"{name}.csv"), tuple(images), np.array(mos, float), np.array(scores, float))


def test_files_are_matched_by_name_not_by_row():
    a, b, y = three(30, 0.5, 1, 0)
    names = [f"{index}.png" for index in range(30)]
    order = np.random.default_rng(1).permutation(30)
    first = predictions("a", names, a, y)
    second = predictions("b", [names[index] for index in order], b[order], 25 * y[order] + 50)
    assert compare_predictions(first, second, 100) == compare(a, b, y, 100)


def test_other_images_are_named():
    first = predictions("a", ["x", "y", "z"], [1, 2, 3], [1, 2, 3])
    second = predictions("b", ["x", "z"], [1, 2], [1, 3])
    for pair in ((first, second), (second, first)):
        with pytest.raises(DataError, match=r"b\.csv: 1 images of a\.csv are missing: y$"):
            compare_predictions(*pair)


def test_other_ratings_are_named():
    names = list("abcdefghijkl")
    first = predictions("a", names, range(12), range(12))
    second = predictions("b", names, range(12), [*range(6), 9, *range(7, 12)])
    with pytest.raises(DataError, match="rate the images differently, 'g' most of all"):
        compare_predictions(first, second)
