import pytest

from musiq.train.schedule import cosine


def test_cosine_by_hand():
    assert [cosine(step, 100, 0.1) for step in (0, 4, 9)] == pytest.approx([0.1, 0.5, 1.0])
    assert cosine(10, 100, 0.1) == pytest.approx(1)
    assert cosine(55, 100, 0.1) == pytest.approx(0.5)
    assert cosine(100, 100, 0.1) == pytest.approx(0)


def test_without_warm_up_it_starts_at_its_peak():
    assert cosine(0, 100, 0) == 1
