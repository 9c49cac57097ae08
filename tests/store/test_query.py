import random
import tracemalloc

import pytest

from musiq.store.query import by_path, by_percentile, by_score, failures
from tests.store.made import LATER, STAMP, A, B, failed, scored


def paths(rows):
    return [row.path for row in rows]


@pytest.fixture
def hundred(store):
    """Scores 0 to 99 of as many files, put in no order; another scoring with the opposite scores; and two errors."""
    numbers = random.Random(0).sample(range(100), 100)
    store.put_many((scored(f"{number:02d}.jpg", number), A, STAMP) for number in numbers)
    store.put_many((scored(f"{number:02d}.jpg", -number, scoring=B), B, STAMP) for number in numbers)
    store.put_many((failed(path), A, STAMP) for path in ("y.jpg", "x.jpg"))
    return store


@pytest.mark.parametrize(
    ("lowest", "highest", "numbers"),
    [
        (99, 100, [99]),
        (90, 100, range(90, 100)),
        (0, 10, range(10)),
        (25, 75, range(25, 75)),
        (99.9, 100, [99]),  # a part of a file is a file
        (0, 0.1, [0]),
        (49.5, 51.5, [49, 50, 51]),
        (0, 100, range(100)),
    ],
)
@pytest.mark.parametrize("best_first", [True, False])
def test_percentiles(hundred, lowest, highest, numbers, best_first):
    rows = by_percentile(hundred, A, lowest, highest, best_first)
    assert paths(rows) == [f"{number:02d}.jpg" for number in sorted(numbers, reverse=best_first)]


def test_shares_are_exact(store):
    store.put_many((scored(f"{number:04d}", number), A, STAMP) for number in range(1000))
    for share, files in ((0.1, 1), (16.1, 161), (34.9, 349), (64.4, 644)):  # 1000 * 16.1 / 100 is more than 161
        assert len(list(by_percentile(store, A, 100 - share, 100))) == files
        assert len(list(by_percentile(store, A, 0, share))) == files


@pytest.mark.parametrize(("lowest", "highest"), [(5, 5), (6, 5), (-1, 5), (5, 101), (float("nan"), 5)])
def test_percentiles_must_be_a_range(store, lowest, highest):
    with pytest.raises(ValueError, match=f"percentiles {lowest:g} to {highest:g}: needs"):
        by_percentile(store, A, lowest, highest)


def test_percentiles_are_of_files(store):
    """Nine copies of a bad photo and a good one; the file of the best has changed."""
    store.put_many((scored(f"copy{number}.jpg", 1, of="copy"), A, STAMP) for number in range(9))
    store.put(scored("good.jpg", 2), A, STAMP)
    store.put(scored("best.jpg", 3), A, STAMP)
    store.put(failed("best.jpg"), A, LATER)
    assert paths(by_percentile(store, A, 90, 100)) == ["good.jpg"]
    assert paths(by_percentile(store, A, 80, 100)) == ["good.jpg", "copy0.jpg"]
    assert paths(by_percentile(store, A, 0, 20, best_first=False)) == ["copy0.jpg", "copy1.jpg"]


def test_equal_scores_come_by_path(store):
    store.put_many((scored(f"{letter}.jpg", 5), A, STAMP) for letter in "edcba")
    assert paths(by_percentile(store, A, 40, 100)) == ["a.jpg", "b.jpg", "c.jpg"]
    assert paths(by_score(store, A, best_first=False)) == [f"{letter}.jpg" for letter in "abcde"]


@pytest.mark.parametrize(
    ("lowest", "highest", "numbers"), [(97, None, [99, 98, 97]), (None, 1, [1, 0]), (4.5, 6.5, [6, 5]), (100, None, [])]
)
def test_scores_between_two(hundred, lowest, highest, numbers):
    expected = [f"{number:02d}.jpg" for number in numbers]
    assert paths(by_score(hundred, A, lowest, highest)) == expected
    assert paths(by_score(hundred, A, lowest, highest, best_first=False)) == expected[::-1]


@pytest.mark.parametrize(("lowest", "highest"), [(6, 5), (float("nan"), None)])
def test_scores_must_be_a_range(store, lowest, highest):
    with pytest.raises(ValueError, match="the first must not be above the second"):
        by_score(store, A, lowest, highest)


def test_rows_are_whole(hundred):
    expected = [scored(f"{number:02d}.jpg", number) for number in range(100)]
    assert list(by_path(hundred, A)) == expected
    assert list(by_percentile(hundred, A)) == expected[::-1]
    assert list(failures(hundred, A)) == [failed("x.jpg"), failed("y.jpg")]
    assert list(failures(hundred, B)) == []


def test_a_million_rows_would_not_be_held(store):
    rows = 5000
    store.put_many((scored(f"{number:06d}.jpg", number), A, STAMP) for number in range(rows))
    for question in (by_path(store, A), by_percentile(store, A)):
        tracemalloc.start()
        try:
            assert sum(1 for _ in question) == rows
            assert tracemalloc.get_traced_memory()[1] < 200_000  # all of them would be 5 MB
        finally:
            tracemalloc.stop()
