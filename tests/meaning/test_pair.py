from dataclasses import replace

import pytest
from scipy.stats import norm

from musiq.meaning.pair import as_score, chance_better, deviation, verdict
from musiq.rows import Row
from musiq.scores import Calibration, Population, ScoreRange
from tests.made import PHOTO

A = replace(PHOTO, mos=70.0, interval=(60.0, 80.0))
B = replace(PHOTO, mos=62.0, interval=(57.0, 67.0))


def test_the_deviation_makes_the_interval():
    low, high = norm.interval(0.9, 70, deviation(A))
    assert (low, high) == pytest.approx(A.interval)


def test_the_chance_is_that_of_two_normal_ratings():
    one, other = 10 / norm.ppf(0.95), 5 / norm.ppf(0.95)
    difference = norm(8, (one**2 + other**2) ** 0.5)
    assert chance_better(A, B) == pytest.approx(difference.sf(0))
    assert chance_better(B, A) == pytest.approx(difference.cdf(0))
    assert chance_better(A, replace(A)) == 0.5


def test_where_lower_is_better():
    a, b = (replace(score, higher_is_better=False) for score in (A, B))
    assert chance_better(a, b) == pytest.approx(chance_better(B, A))
    assert verdict(a, b).startswith("B is better by 8.0; people would rate it above A")


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (A, B, "A is better by 8.0; people would rate it above B with a probability of 88 %."),
        (B, A, "B is better by 8.0; people would rate it above A with a probability of 88 %."),
        (
            A,
            replace(B, mos=1.0),
            "A is better by 69.0; people would rate it above B with a probability of more than 99 %.",
        ),
        (A, replace(B, interval=None), "A is better by 8.0; how sure that is, the checkpoint does not know."),
        (A, replace(B, mos=70.0), "A and B have the same score."),
    ],
)
def test_verdicts(first, second, said):
    assert verdict(first, second) == said


def test_intervals_without_width():
    sure = [replace(PHOTO, mos=mos, interval=(mos, mos)) for mos in (3.0, 4.0)]
    assert (chance_better(*sure), chance_better(*sure[::-1]), chance_better(sure[0], sure[0])) == (0, 1, 0.5)


def test_a_row_as_the_score_that_it_was(tiny):
    known = {"score": ScoreRange(0, 100), "training_data": PHOTO.training_data, "name": "default"}
    meaning = {"population": Population("600 photos", (0.0, 100.0)), "calibration": Calibration(0.9, 2.0, "some")}
    checkpoint = replace(tiny, **known, **meaning)
    score = replace(PHOTO, weights=checkpoint.id, preprocess=checkpoint.preprocess, notes=("turned",))
    row = Row.of("a.jpg", score, checkpoint="default", weights=checkpoint.id)
    assert as_score(row, checkpoint) == replace(score, uncertainty=None)
