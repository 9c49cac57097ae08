import random
from dataclasses import replace

import pytest
from scipy import stats

from musiq.errors import StoreError
from musiq.store import Store
from musiq.store.compare import Pair, check_alike, choose_two, compare_scorings
from musiq.store.holdings import short_id
from tests.store.made import A8, LATER, STAMP, A, B, content, failed, scored


@pytest.fixture
def other(tmp_path):
    with Store(tmp_path / "other.sqlite") as opened:
        yield opened


@pytest.mark.parametrize("stores", ["one", "two"])
def test_figures_are_those_of_scipy(store, other, stores):
    second = store if stores == "one" else other
    chance = random.Random(0)
    a = [float(chance.randrange(20)) for _ in range(200)]  # many are equal
    b = [value + chance.choice([-2, 0, 1]) for value in a]
    b[7] += 50
    for number in chance.sample(range(200), 200):
        store.put(scored(f"{number}.jpg", a[number]), A, STAMP)
    for number in chance.sample(range(200), 200):
        second.put(scored(f"{number}.jpg", b[number], scoring=A8), A8, STAMP)
    store.put(scored("first only.jpg", 1000), A, STAMP)
    second.put(scored("second only.jpg", -1000, scoring=A8), A8, STAMP)
    result = compare_scorings((store, A), (second, A8), worst=1)
    assert result.images == 200
    assert result.srcc == pytest.approx(stats.spearmanr(a, b).statistic)
    assert result.plcc == pytest.approx(stats.pearsonr(a, b).statistic)
    differences = [abs(x - y) for x, y in zip(a, b, strict=True)]
    assert result.mean_difference == pytest.approx(sum(differences) / 200)
    assert result.largest_difference == max(differences)
    assert result.worst == (Pair("7.jpg", a[7], b[7]),)


def test_the_worst_come_first(store):
    for number in range(5):
        store.put(scored(f"{number}.jpg", 0), A, STAMP)
        store.put(scored(f"{number}.jpg", number * (-1) ** number, scoring=A8), A8, STAMP)
    worst = compare_scorings((store, A), (store, A8), worst=3).worst
    assert worst == (Pair("4.jpg", 0, 4), Pair("3.jpg", 0, -3), Pair("2.jpg", 0, 2))


def test_contents_count_not_paths(store, other):
    """Named by the first of its files, in either store, or by its hash."""
    zero = "00" * 16
    for path, of in (("b.jpg", "same"), ("a.jpg", "same"), ("x.jpg", "moved"), ("y.jpg", "gone")):
        store.put(scored(path, 1, of=of), A, STAMP)
    store.put(replace(scored("zero.jpg", 1), content=zero), A, STAMP)
    for path, of in (("c.jpg", "same"), ("d.jpg", "moved"), ("e.jpg", "gone")):
        other.put(scored(path, 2, of=of), A, STAMP)
    other.put(replace(scored("zero.jpg", 2), content=zero), A, STAMP)
    for path, of in (("x.jpg", store), ("y.jpg", store), ("e.jpg", other), ("zero.jpg", store), ("zero.jpg", other)):
        of.put(failed(path), A, LATER)
    result = compare_scorings((store, A), (other, A))
    assert result.images == 4
    assert {pair.path for pair in result.worst} == {"a.jpg", "d.jpg", content("gone"), zero}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scores", [[5], [5, 5]])
def test_no_correlation_of_equal_scores(store, scores):
    for number, score in enumerate(scores):
        store.put(scored(f"{number}.jpg", score), A, STAMP)
        store.put(scored(f"{number}.jpg", number, scoring=A8), A8, STAMP)
    result = compare_scorings((store, A), (store, A8))
    assert result.srcc != result.srcc
    assert result.plcc != result.plcc


def test_nothing_in_common(store, other):
    store.put(scored("a.jpg", 1), A, STAMP)
    other.put(scored("b.jpg", 1), A, STAMP)
    with pytest.raises(StoreError, match="no image has been scored by both aaaaaaaaaaaa"):
        compare_scorings((store, A), (other, A))


def test_unlike_scorings_are_refused():
    check_alike(A, A8)
    with pytest.raises(
        StoreError, match=r"unlike preprocessing .*: aaaaaaaaaaaa google\S+ fp32 and aaaaaaaaaaaa other"
    ):
        check_alike(A, replace(A, preprocess="other"))
    with pytest.raises(StoreError, match="unlike checkpoints do"):
        check_alike(A, replace(A, weights="b" * 64))
    with pytest.raises(StoreError, match="unlike checkpoints and preprocessing do not compare"):
        check_alike(A, B)


def test_two_scorings_are_chosen(store, other):
    a, a8 = short_id(A), short_id(A8)
    with pytest.raises(StoreError, match="scores.sqlite: holds no two such scorings"):
        choose_two(store, store)
    store.put(scored("a.jpg", 1), A, STAMP)
    with pytest.raises(StoreError, match="scores.sqlite: holds no two such scorings"):
        choose_two(store, store)
    store.put(scored("a.jpg", 1, scoring=A8), A8, STAMP)
    other.put(scored("a.jpg", 1), A, STAMP)
    assert choose_two(store, store) == choose_two(store, store, a) == choose_two(store, store, None, a8) == (A, A8)
    assert choose_two(store, store, a8) == choose_two(store, store, a8, a) == (A8, A)
    assert choose_two(store, other, a) == choose_two(store, other, a, "aaaa") == (A, A)
    assert choose_two(other, store, None, a8) == (A, A8)
    for arguments in ((a, a), ("bbbb",)):
        with pytest.raises(StoreError, match="holds no"):
            choose_two(store, store, *arguments)
    with pytest.raises(StoreError, match=f"choose one by --of: {a} .*; {a8} "):
        choose_two(store, other)
    store.put(scored("a.jpg", 1, scoring=B), B, STAMP)
    with pytest.raises(StoreError, match=f"choose one by --with: {a8} .*; {short_id(B)} "):
        choose_two(store, store, a)
