from dataclasses import replace

import pytest

from musiq.choose.photo import Photo, scored_photos
from musiq.errors import StoreError
from musiq.rows import Row

ONE = Row("a.jpg", 40.0, band="fair", weights="w", preprocess="g/p32", precision="fp32")


def test_rows_without_a_score_are_reported():
    rows = [
        ONE,
        Row("b.jpg", kind="damaged", error="b.jpg: truncated"),
        Row("c.jpg", kind="damaged", error="truncated"),
        Row("d.jpg"),
        replace(ONE, path="e.jpg", score=float("nan")),
        replace(ONE, path="f.jpg", score=50, band=None),
    ]
    reported = []
    photos = list(scored_photos(rows, reported.append))
    assert photos == [Photo("a.jpg", 40.0, "fair"), Photo("f.jpg", 50, None)]
    assert reported == ["b.jpg: truncated", "c.jpg: truncated", "d.jpg: no score", "e.jpg: its score is nan"]


def changed(**facts):
    return replace(ONE, path="b.jpg", **facts)


@pytest.mark.parametrize(
    "rows",
    [
        [ONE, changed(weights="v")],
        [ONE, changed(preprocess="g/p64")],
        [ONE, changed(precision="int8")],
        [ONE, changed(preprocess="g/p64/max9")],
        [ONE, changed(preprocess="g/p32/max9"), changed(preprocess="g/p32/max8")],
        [changed(preprocess="g/p32/max9"), ONE, changed(preprocess="g/p32/max8")],
    ],
)
def test_scores_that_do_not_compare_are_refused(rows):
    with pytest.raises(StoreError, match=r"b\.jpg: scored by .* do not compare"):
        list(scored_photos(rows, print))


def test_capped_photos_compare_with_those_below_the_cap():
    capped = changed(preprocess="g/p32/max9")
    assert len(list(scored_photos([ONE, capped, ONE, capped], print))) == 4


def test_rows_of_which_little_is_known_compare():
    assert len(list(scored_photos([Row("a.jpg", 1.0), Row("b.jpg", 2.0)], print))) == 2
