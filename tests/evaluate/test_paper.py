import pytest

from musiq.evaluate.paper import AVA, KONIQ10K, PAQ2PIQ_TEST, PAQ2PIQ_VAL, SPAQ, TABLES, find_table


def test_the_tables_have_all_methods_and_end_with_musiq():
    assert [len(table.rows) for table in TABLES] == [7, 7, 12, 10, 13]
    for table in TABLES:
        assert [row.method for row in table.rows[-2:]] == ["MUSIQ-single", "MUSIQ"]
        assert len({row.method for row in table.rows}) == len(table.rows)


@pytest.mark.parametrize(
    ("table", "srcc", "plcc", "srcc_sum", "plcc_sum"),
    [
        (PAQ2PIQ_VAL, 0.566, 0.661, 2.868, 3.284),
        (PAQ2PIQ_TEST, 0.646, 0.739, 3.235, 3.668),
        (KONIQ10K, 0.916, 0.928, 9.446, 9.645),
        (SPAQ, 0.917, 0.921, 7.394, 7.855),
        (AVA, 0.726, 0.738, 6.688, 4.863),
    ],
)
def test_figures_of_musiq_and_column_sums_are_as_printed(table, srcc, plcc, srcc_sum, plcc_sum):
    assert (table.rows[-1].srcc, table.rows[-1].plcc) == (srcc, plcc)
    assert sum(row.srcc or 0 for row in table.rows) == pytest.approx(srcc_sum, abs=1e-9)
    assert sum(row.plcc or 0 for row in table.rows) == pytest.approx(plcc_sum, abs=1e-9)


def test_the_split_chooses_the_table():
    assert find_table("paq2piq", ("val",)) is PAQ2PIQ_VAL
    assert find_table("paq2piq", ("test",)) is PAQ2PIQ_TEST
    assert find_table("koniq10k") is KONIQ10K
    assert find_table("koniq10k", ("val",)) is None
    assert find_table("biq2021") is None
