import numpy as np
import pytest
from scipy import stats

from musiq.evaluate.resampling import Interval
from musiq.meaning.groups import GroupComparison, compare_paired, compare_unpaired

RNG = np.random.default_rng(0)
A, B = RNG.normal(72, 8, 40).round(1), RNG.normal(66, 12, 40).round(1)


def test_pairs():
    result = compare_paired(A, B)
    apart = A - B
    error = apart.std(ddof=1) / 40**0.5
    assert (result.first, result.second, result.difference) == pytest.approx((A.mean(), B.mean(), apart.mean()))
    ends = stats.t.interval(0.95, 39, apart.mean(), error)
    assert (result.interval.low, result.interval.high) == pytest.approx(ends)
    assert result.p == pytest.approx(2 * stats.t.sf(abs(apart.mean()) / error, 39))
    assert result.beats == pytest.approx((np.sum(A > B) + np.sum(A == B) / 2) / 40)
    assert (result.paired, result.images) == (True, (40, 40))


def test_sets():
    """By Welch's formulas (Biometrika 1947) and Mann and Whitney's U."""
    b = B[:15]
    result = compare_unpaired(A, b)
    va, vb = A.var(ddof=1) / 40, b.var(ddof=1) / 15
    error, freedom = (va + vb) ** 0.5, (va + vb) ** 2 / (va**2 / 39 + vb**2 / 14)
    apart = A.mean() - b.mean()
    assert (result.interval.low, result.interval.high) == pytest.approx(stats.t.interval(0.95, freedom, apart, error))
    assert result.p == pytest.approx(2 * stats.t.sf(abs(apart) / error, freedom))
    assert result.beats == pytest.approx(stats.mannwhitneyu(A, b).statistic / 40 / 15)
    assert (result.paired, result.images) == (False, (40, 15))


@pytest.mark.parametrize("compare", [compare_paired, compare_unpaired])
def test_equal_and_constant_sets(compare):
    same = compare(A, A)
    assert (same.difference, same.p, same.beats, same.better) == (0, 1, 0.5, None)
    apart = compare([3.0, 3.0], [1.0, 1.0])
    assert (apart.difference, apart.interval, apart.p, apart.beats) == (2, Interval(2, 2), 0, 1)


def test_differences_that_are_nearly_constant_give_no_warning():
    assert compare_paired(A, A + 1e-3 + 1e-15 * np.arange(40)).better == "B"


@pytest.mark.parametrize("compare", [compare_paired, compare_unpaired])
def test_one_image_is_no_set(compare):
    with pytest.raises(ValueError, match="1 images are too few to compare sets"):
        compare([1.0], [2.0])


def test_pairs_need_as_many():
    with pytest.raises(ValueError, match="40 and 39 scores cannot be pairs"):
        compare_paired(A, B[1:])


@pytest.mark.parametrize(
    ("difference", "interval", "higher", "said"),
    [
        (4.2, (2.0, 6.4), True, "A is better (difference 4.2, 95 % interval 2.0 to 6.4)"),
        (-4.2, (-6.4, -2.0), True, "B is better (difference 4.2, 95 % interval 2.0 to 6.4)"),
        (4.2, (2.0, 6.4), False, "B is better (difference 4.2, 95 % interval 2.0 to 6.4)"),
        (-4.2, (-6.4, -2.0), False, "A is better (difference 4.2, 95 % interval 2.0 to 6.4)"),
        (-1.0, (-3.0, 1.0), True, "no difference can be shown (difference -1.0, 95 % interval -3.0 to 1.0)"),
    ],
)
def test_verdicts(difference, interval, higher, said):
    result = GroupComparison(1.0, 1.0, (9, 9), False, difference, Interval(*interval), 0.5, 0.5, higher)
    assert result.verdict(0, 100) == said


def test_where_lower_is_better():
    result = compare_unpaired(A, A - 9, higher_is_better=False)
    assert result.better == "B"
    assert result.beats == pytest.approx(1 - compare_unpaired(A, A - 9).beats)
