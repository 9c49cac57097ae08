import random

import pytest

from musiq.choose.photo import Photo, best_first
from musiq.choose.select import better_than, each_folder, everything, first, parse_top

PHOTOS = [Photo(path, score) for path, score in (("x/b", 5), ("y/d", 7), ("x/a", 5), ("y/c", 1), ("x/e", 9))]


def names(rule, photos=PHOTOS, higher=True):
    """The last letter of each chosen photo, whatever order they come in."""
    orders = []
    for seed in range(3):
        mixed = random.Random(seed).sample(photos, len(photos))
        orders.append("".join(photo.path[-1] for photo in rule(iter(mixed), best_first(higher))))
    assert len(set(orders)) == 1
    return orders[0]


@pytest.mark.parametrize(
    ("rule", "chosen"),
    [
        (everything(), "edabc"),
        (everything(worst=True), "cbade"),
        (first(3), "eda"),
        (first(3, worst=True), "cba"),
        (first(9), "edabc"),
        (better_than(5), "ed"),
        (better_than(4.9), "edab"),
        (better_than(9), ""),
        (each_folder(first(1)), "ed"),
        (each_folder(better_than(1)), "eabd"),
        (each_folder(parse_top("50%")), "ead"),  # 1.5 of 3 are 2, and 1 of 2
        (parse_top("40%"), "ed"),
        (parse_top(" 2 "), "ed"),
    ],
)
def test_rules(rule, chosen):
    assert names(rule) == chosen


def test_lower_may_be_better():
    assert names(everything(), higher=False) == "cabde"
    assert names(first(2), higher=False) == "ca"
    assert names(better_than(5), higher=False) == "c"


@pytest.mark.parametrize(
    ("text", "of", "count"),
    [
        ("10%", 1, 1),
        ("10%", 14, 1),
        ("10%", 15, 2),
        ("10 %", 100, 10),
        ("0.1%", 10, 1),
        (".5%", 1000, 5),
        ("2.5%", 100, 3),
        ("100%", 7, 7),
        ("33.3%", 3, 1),
        ("10%", 0, 0),
        ("50", 3, 3),
        ("1", 3, 1),
        ("1", 0, 0),
    ],
)
def test_how_many(text, of, count):
    assert len(names(parse_top(text), [Photo(str(number), number % 4) for number in range(of)])) >= count
    assert len(parse_top(text)([Photo(str(number), number % 4) for number in range(of)], best_first())) == count


@pytest.mark.parametrize("text", ["", "0", "0%", "-1", "-5%", "100.1%", "ten", "5.5", "1e3", "%", "nan%", "\u0663"])
def test_what_is_no_count_and_no_share_is_refused(text):
    with pytest.raises(ValueError, match=r"--top .* is neither a count of at least 1"):
        parse_top(text)
