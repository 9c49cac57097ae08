import pytest

from musiq.errors import StoreError
from musiq.rows import Scoring
from musiq.store.holdings import Holding, count, find_scorings, named_scorings, only_scoring, short_id
from tests.store.made import A8, LATER, STAMP, A, B, failed, scored


@pytest.fixture
def filled(store):
    """Of A three files of two contents, one of them forgotten, and an error; of A8 an error; of B a score."""
    store.put_many(
        [
            (scored("1.jpg", 1, of="same"), A, STAMP),
            (scored("2.jpg", 1, of="same"), A, STAMP),
            (scored("3.jpg", 3, of="forgotten"), A, STAMP),
            (scored("3.jpg", 4, of="changed", scoring=B), B, LATER),
            (failed("4.jpg"), A, STAMP),
            (failed("4.jpg"), A8, STAMP),
        ]
    )
    return store


def test_counts(filled):
    assert find_scorings(filled) == [A, B, A8]
    assert count(filled, A) == Holding(A, "name-a", scores=2, files=2, errors=1)
    assert count(filled, B) == Holding(B, "name-b", scores=1, files=1, errors=0)
    assert count(filled, A8) == Holding(A8, None, scores=0, files=0, errors=1)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"checkpoint": "a"}, [A, A8]),
        ({"checkpoint": "b" * 64}, [B]),
        ({"checkpoint": "a", "precision": "int8"}, [A8]),
        ({"preprocess": B.preprocess}, [B]),
        ({"precision": "fp32"}, [A, B]),
    ],
)
def test_scorings_are_chosen_by_what_they_are(filled, wanted, found):
    assert find_scorings(filled, **wanted) == found


@pytest.mark.parametrize("wanted", [{"checkpoint": "%"}, {"precision": "bf16"}, {"preprocess": "google-v1"}])
def test_what_is_not_held_is_named(filled, wanted):
    with pytest.raises(StoreError, match=f"holds nothing of .*'{next(iter(wanted.values()))}'; it holds {short_id(A)}"):
        find_scorings(filled, **wanted)


def test_several_scorings_are_named(filled):
    with pytest.raises(StoreError) as caught:
        only_scoring(filled, [A, B], "--checkpoint")
    assert "do not compare; choose one by --checkpoint: " in str(caught.value)
    for scoring in (A, B):
        assert f"{short_id(scoring)} ({scoring.weights[:12]} {scoring.preprocess} fp32)" in str(caught.value)
    assert only_scoring(filled, [B]) == B


def test_an_empty_store_holds_nothing(store):
    assert find_scorings(store) == []
    with pytest.raises(StoreError, match="holds no scores"):
        only_scoring(store, [])


def test_scorings_have_short_names(filled):
    assert len({short_id(one) for one in (A, A8, B, Scoring("", A.weights + A.preprocess, "fp32"))}) == 4
    assert named_scorings(filled, short_id(A8)[:6]) == [A8]
    assert named_scorings(filled, "bbbb") == [B]
    assert named_scorings(filled, "aaaa") == [A, A8]
    for name in ("", "c0ffee"):
        with pytest.raises(StoreError, match=f"holds no scoring '{name}'; it holds {short_id(A)}"):
            named_scorings(filled, name)
