import pytest

from musiq.meaning.side import Side, match, relative_name
from musiq.rows import Row


@pytest.mark.parametrize(
    ("path", "given", "name"),
    [
        ("photos/a.jpg", "photos", "a.jpg"),
        ("photos/a.jpg", "./photos/", "a.jpg"),
        ("photos/in/a.jpg", "photos", "in/a.jpg"),
        ("/x/photos/a.jpg", "/x/photos", "a.jpg"),
        ("a.jpg", ".", "a.jpg"),
        ("a.tar!in/b.jpg", "a.tar", "in/b.jpg"),
        ("a.parquet!12", "a.parquet", None),
        ("saved!train/12", "saved", None),
        ("photos2/a.jpg", "photos", None),
        ("photos/a.jpg", "photos/*.jpg", None),
        ("a.jpg", "a.jpg", None),
        ("other/a.jpg", "list.csv", None),
    ],
)
def test_relative_names(path, given, name):
    assert relative_name(path, given) == name


def side(given, **scores):
    return Side.of(given, (Row(f"{given}/{name}", score=score, error="why") for name, score in scores.items()))


def test_images_of_one_name_are_pairs():
    pairs = match(side("one", a=1.0, b=2.0, c=3.0, d=None), side("two", d=9.0, c=None, b=8.0, a=7.0))
    assert pairs == ([(1.0, 7.0), (2.0, 8.0)], 4)


def test_other_names_are_no_pairs():
    assert match(side("one", a=1.0, b=2.0), side("two", a=1.0)) == ([], 1)
    listed = Side.of("list.csv", [Row("one/a", score=1.0)])
    assert match(listed, listed) == ([], 0)


def test_what_failed_is_named():
    found = side("one", a=1.0, b=None)
    assert (found.found, found.failures) == ([1.0], ["one/b: why"])
    assert found.row == Row("one/b", error="why")
