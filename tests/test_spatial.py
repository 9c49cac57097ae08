import numpy as np

from musiq.spatial import sinusoid_table


def test_by_hand():
    # Width 8: two frequencies, 1 and 1/100. Cell 7 of a 3 x 3 grid is row 2, column 1.
    row = [np.sin(2), np.sin(0.02), np.cos(2), np.cos(0.02)]
    column = [np.sin(1), np.sin(0.01), np.cos(1), np.cos(0.01)]
    np.testing.assert_allclose(sinusoid_table(3, 8)[7], row + column, rtol=1e-6)


def test_every_cell_has_its_own():
    assert len(np.unique(sinusoid_table(10, 24).round(6), axis=0)) == 100
