from dataclasses import replace

import numpy as np
import pytest

from musiq.errors import DataError
from musiq.meaning.calibrate import learn_scale, without_own_scale
from musiq.scores import Population, ScoreRange
from tests.made import PHOTO


@pytest.fixture
def base(tiny):
    accuracy = {"A": {"images": 9, "srcc": 0.9, "plcc": 0.8, "krcc": 0.7, "rmse": 6.0}}
    population = Population("2 photos", (0.0, 100.0))
    return replace(tiny, score=ScoreRange(0, 100), accuracy=accuracy, population=population)


def photos(count, seed=0, away=4.0):
    """Scores of 0 to 100 and ratings 1 to 5 of a strict user, who is as far off as the uncertainty says."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(5, 95, count)
    quality = np.clip(x + rng.normal(0, away, count), 0, 100) / 100
    return [replace(PHOTO, mos=float(one), uncertainty=away) for one in x], 1 + 4 * quality**2


def learn(base, scores, ratings, **options):
    return learn_scale(base, scores, ratings, 1, 5, name="mine", **options)


def test_what_is_learned(base):
    scores, ratings = photos(60)
    learned = learn(base, scores, ratings, of="ratings in r.csv")
    x = np.array([score.mos for score in scores])
    plain = 1 + x / 25 - ratings
    assert learned.plain.rmse == pytest.approx(np.sqrt(np.mean(plain**2)))
    assert learned.plain.mae == pytest.approx(np.mean(np.abs(plain)))
    assert learned.mean.rmse == pytest.approx(ratings.std(), rel=0.05)
    assert learned.own.rmse < 0.4 * learned.plain.rmse
    assert learned.warnings == ()
    mapped = learned.checkpoint
    assert (mapped.name, mapped.score, mapped.population) == ("mine", base.score, base.population)
    assert mapped.own_scale.apply([20, 50, 80]) == pytest.approx(1 + 4 * np.array([0.2, 0.5, 0.8]) ** 2, abs=0.15)
    assert mapped.own_scale.name == mapped.calibration.name == "60 ratings in r.csv"
    assert mapped.accuracy["A"] == {"images": 9, "srcc": 0.9, "krcc": 0.7}
    assert mapped.accuracy["60 ratings in r.csv, cross-validated"]["rmse"] == round(learned.own.rmse, 4)
    assert learn(base, scores, ratings).checkpoint.own_scale.id == mapped.own_scale.id


@pytest.mark.parametrize("away", [4.0, 12.0])
def test_intervals_hold_ratings_that_were_not_learned_from(base, away):
    learned = learn(base, *photos(100, away=away)).checkpoint
    scores, ratings = photos(2000, seed=1, away=away)
    x = np.array([score.mos for score in scores])
    off = np.abs(learned.own_scale.apply(x) - ratings)
    held = off <= learned.calibration.factor * learned.own_scale.spread(x, away)
    assert held.mean() == pytest.approx(0.9, abs=0.06)


def test_the_intervals_of_a_network_that_is_not_unsure_are_of_the_noise(base):
    scores, ratings = photos(60, away=10.0)
    learned = learn(base, [replace(score, uncertainty=None) for score in scores], ratings)
    own = learned.checkpoint.own_scale
    assert own.noise == pytest.approx(learned.own.rmse)
    assert learned.half_width == pytest.approx(learned.checkpoint.calibration.factor * own.noise)


def test_what_an_own_scale_replaced_is_left_out_when_it_is_learned_anew(base):
    again = without_own_scale(learn(base, *photos(40)).checkpoint)
    assert (again.own_scale, again.calibration) == (None, None)
    assert list(again.accuracy) == ["A"]
    assert without_own_scale(base) is base


def test_a_range_that_is_not_known(base):
    learned = learn(replace(base, score=ScoreRange()), *photos(40))
    assert learned.plain is None
    assert learned.own.rmse < 0.3


@pytest.mark.parametrize(
    ("count", "edit", "warning"),
    [
        (12, lambda x, y: y, "12 ratings are few"),
        (8, lambda x, y: y, "8 ratings are too few for 90 % intervals"),
        (40, lambda x, y: 1 + x / 25, "no better than the checkpoint's range"),
        (40, lambda x, y: np.where(np.arange(40) % 2, 1.0, 5.0) + 1e-3 * x / 100, "always guessing the mean rating"),
    ],
)
def test_warnings(base, count, edit, warning):
    scores, ratings = photos(count)
    scores = sorted(scores, key=lambda score: score.mos)
    learned = learn(base, scores, np.clip(edit(np.array([score.mos for score in scores]), np.sort(ratings)), 1, 5))
    assert any(warning in one for one in learned.warnings)
    assert (learned.checkpoint.calibration is None) == (count < 9)


@pytest.mark.parametrize(
    ("count", "edit", "named"),
    [
        (7, lambda y: y, "7 ratings are too few to learn a scale from; 8 are needed"),
        (20, lambda y: 6 - y, r"do not rise with the scores of tiny-multiscale \(SRCC -0.9\d of 20\): higher must be"),
        (20, lambda y: np.full(20, 3.0), "all 20 ratings are 3"),
        (20, lambda y: y + 3.99, r"rating \d.\d+ lies outside 1 to 5 \(and \d+ more\)"),
        (20, lambda y: np.append(y[:-1], np.nan), r"rating nan lies outside 1 to 5 \(and 0 more\)"),
    ],
)
def test_ratings_that_teach_nothing(base, count, edit, named):
    scores, ratings = photos(count)
    with pytest.raises(DataError, match=named):
        learn(base, scores, edit(ratings))


def test_scores_that_are_all_equal(base):
    scores, ratings = photos(20)
    with pytest.raises(DataError, match="all 20 scores are 50"):
        learn(base, [replace(score, mos=50.0) for score in scores], ratings)


def test_where_lower_is_better(base):
    with pytest.raises(DataError, match="tiny-multiscale: lower scores are better"):
        learn(replace(base, score=ScoreRange(0, 100, higher_is_better=False)), *photos(20))
