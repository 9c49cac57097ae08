import json

import pytest

from musiq.explain.photo import Explanation, explain_photo
from musiq.explain.sensitivity import CHANGES, Curve
from musiq.image import load_image
from tests.explain.known import bright_scorer, maps_of


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((0, 0), "top left (0 to 33 % of the width, 0 to 33 % of the height)"),
        ((0, 1), "top (33 to 67 % of the width, 0 to 33 % of the height)"),
        ((1, 1), "middle (33 to 67 % of the width, 33 to 67 % of the height)"),
        ((1, 2), "right (67 to 100 % of the width, 33 to 67 % of the height)"),
        ((2, 0), "bottom left (0 to 33 % of the width, 67 to 100 % of the height)"),
    ],
)
def test_the_worst_region_in_words(place, words):
    grid = [[50.0] * 3 for _ in range(3)]
    grid[place[0]][place[1]] = 12.34
    line = Explanation(maps_of([[1]], grid)).lines()[1]
    assert line == f"Worst region: {words}, 37.7 points worse than the median of all 9."


def test_the_highest_is_the_worst_where_lower_is_better():
    line = Explanation(maps_of([[50, 80]], higher_is_better=False)).lines()[1]
    assert "right" in line
    assert "15.0 points worse than the median of all 2" in line


@pytest.mark.parametrize(("worst", "said"), [(45.5, True), (44.5, False)])
@pytest.mark.parametrize("higher", [True, False])
def test_no_region_stands_out_within_a_twentieth_of_the_scale(worst, said, higher):
    values = [[50.0, 50.0, worst, 50.0, 80.0]]
    if not higher:
        values = [[100 - value for value in values[0]]]
    lines = Explanation(maps_of([[1, 99]], values, higher_is_better=higher)).lines()
    assert any(line.startswith("No region is much worse than the others.") for line in lines) is said
    assert not any("curves" in line for line in lines)


def test_a_single_region():
    assert Explanation(maps_of([[50]])).lines()[1] == "Worst region: the photo is a single one."


def test_moves_stand_in_the_order_of_their_size():
    curves = [
        Curve("crop", "", (0, 10), (60, 61), 60),
        Curve("resize", "", (1, 0.25), (60, 57.5), 60),
        Curve("jpeg", "", (100, 10), (60, 31), 60),
        Curve("rotate", "", (0, 90), (60, 60), 60),
    ]
    line = Explanation(maps_of([[50]]), tuple(curves)).lines()[2]
    assert line == (
        "What moves the score most: JPEG quality 10 -29.0, 0.25 times the size -2.5, 10 % of each side cropped +1.0, "
        "turned by 0 degrees +0.0."
    )


def test_the_first_line_is_the_scores_meaning():
    explanation = Explanation(maps_of([[50]]))
    assert explanation.lines()[0] == explanation.score.meaning()


@pytest.mark.parametrize("with_curves", [True, False])
def test_everything_is_plain_data(tiny, photo, with_curves):
    explanation = explain_photo(bright_scorer(tiny), load_image(photo), with_curves)
    data = json.loads(json.dumps(explanation.as_dict(), allow_nan=False))
    assert [curve["change"] for curve in data["curves"]] == (list(CHANGES) if with_curves else [])
    assert data["score"]["mos"] == pytest.approx(photo.mean())
    assert len(data["maps"]["scales"]) == 3
    assert data["text"] == explanation.lines()
