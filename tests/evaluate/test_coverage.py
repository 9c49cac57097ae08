import numpy as np
import pytest
import scipy.stats

from musiq.errors import DataError
from musiq.evaluate.coverage import calibrate, measure_coverage, summarise_population


def photos(count, seed):
    """Ratings that scatter around scores of 0, normally, as wide as each one's own uncertainty times three."""
    rng = np.random.default_rng(seed)
    unsure = rng.uniform(1, 5, count)
    return np.zeros(count), unsure, 3 * unsure * rng.standard_normal(count)


@pytest.mark.parametrize("coverage", [0.5, 0.9])
def test_intervals_hold_what_they_claim_on_other_photos(coverage):
    calibration = calibrate(*photos(4000, seed=0), coverage, "4000 photos")
    assert calibration.factor == pytest.approx(3 * scipy.stats.norm.ppf((1 + coverage) / 2), rel=0.05)
    scores, unsure, rated = photos(4000, seed=1)
    intervals = [calibration.interval(*one) for one in zip(scores, unsure, strict=True)]
    found = measure_coverage(intervals, rated, coverage)
    assert found.found == pytest.approx(coverage, abs=0.02)
    assert found.width == pytest.approx(2 * calibration.factor * unsure.mean())


def test_the_factor_by_hand():
    """Errors 1 to 9 at an uncertainty of 2: of 10 photos with the new one, the 8th worst of 9 holds 80 %."""
    calibration = calibrate(np.zeros(9), np.full(9, 2.0), np.arange(1, 10), 0.8, "nine")
    assert calibration.factor == 8 / 2
    assert calibration.interval(50, 2) == (42, 58)


def test_too_few_photos_are_refused():
    with pytest.raises(DataError, match="8 photos are too few for intervals that hold 0.9"):
        calibrate(*photos(8, seed=0), 0.9, "few")


def test_the_interval_of_a_share_is_scipys():
    rated = np.r_[np.zeros(170), np.full(30, 9.0)]
    found = measure_coverage([(-1, 1)] * 200, rated, 0.9)
    expected = scipy.stats.binomtest(170, 200).proportion_ci(method="wilson")
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low, expected.high))
    assert (found.found, found.width, found.nominal) == (0.85, 2, 0.9)


def test_a_population_knows_its_ranks():
    scores = np.random.default_rng(0).normal(50, 15, 600)
    population = summarise_population(scores, "600 photos")
    assert len(population.quantiles) == 101
    for score in (20.0, 44.4, 70.0):
        assert population.percentile(score) == pytest.approx(scipy.stats.percentileofscore(scores, score), abs=1)
