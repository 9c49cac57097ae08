import numpy as np
import pytest

from musiq.evaluate.classes import mean_square_error, two_class_accuracy


def test_by_hand():
    """Good is above 5: (no, no) (no, yes) (yes, yes) (no, yes)."""
    assert two_class_accuracy([4, 4.9, 5.1, 5], [5, 5.1, 9, 5.1]) == 0.5
    assert mean_square_error([4, 4.9, 5.1, 5], [5, 5.9, 5.1, 3]) == pytest.approx((1 + 1 + 0 + 4) / 4)


def test_five_itself_is_bad():
    assert two_class_accuracy([5, 5], [1, 9]) == 0.5
    assert two_class_accuracy([5, np.nextafter(5, 6)], [5, 5]) == 0.5


def test_another_threshold():
    assert two_class_accuracy([40, 60], [45, 55], threshold=50) == 1
