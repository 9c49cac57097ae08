from dataclasses import replace

import pytest

from musiq.rows import Row, Scoring

PLAIN = "google-v1/224+native/p32/g10"
ROW = Row("a", score=50.0, weights="w", precision="fp32", preprocess=PLAIN, width=300, height=97)  # 10 x 4 patches


def run_with(preprocess: str) -> Scoring:
    return Scoring("w", preprocess, "fp32")


@pytest.mark.parametrize(
    ("ours", "row", "covered"),
    [
        (PLAIN, ROW, True),
        (f"{PLAIN}/max40", ROW, True),
        (f"{PLAIN}/max39", ROW, False),
        (f"{PLAIN}/max40", replace(ROW, height=None), False),
        (f"{PLAIN}/max40", replace(ROW, weights="v"), False),
        (f"{PLAIN}/max40", replace(ROW, precision="int8"), False),
        (PLAIN, replace(ROW, preprocess=f"{PLAIN}/max39"), False),
        (f"{PLAIN}/max39", replace(ROW, preprocess=f"{PLAIN}/max39"), True),
        (f"{PLAIN}/max38", replace(ROW, preprocess=f"{PLAIN}/max39"), False),
        ("google-v1/224/p32/g10/max1", replace(ROW, preprocess="google-v1/224/p32/g10"), True),  # no native patches
        (f"{PLAIN}/within224/max21", replace(ROW, preprocess=f"{PLAIN}/within224"), True),  # 224 x 72: 7 x 3
        (f"{PLAIN}/within224/max20", replace(ROW, preprocess=f"{PLAIN}/within224"), False),
        ("of another version/max40", replace(ROW, preprocess="of another version"), False),
    ],
)
def test_a_run_covers_the_rows_that_it_would_give(ours, row, covered):
    assert run_with(ours).covers(row) is covered
