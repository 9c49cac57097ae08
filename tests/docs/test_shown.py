"""Shown and real output, compared by hand."""

import pytest

from tests.docs.shown import differs


@pytest.mark.parametrize(
    ("shown", "came"),
    [
        ("27.44  8 %  x.jpg", "score\n27.45   8 %   x.jpg\nmore"),
        ("better than 91 % of\n600 photos", "better than 90 % of 600 photos"),
        ("good. [...]\nA is better", "good. Better than all.\nA is better by 5"),
        ("1,024 px", "1,024 px"),
    ],
)
def test_the_same(shown, came):
    assert differs(shown, came) is None


@pytest.mark.parametrize(
    ("shown", "came"),
    [
        ("27.44 x.jpg", "27.47 x.jpg"),
        ("27.44 x.jpg", "27.4 x.jpg"),
        ("640x427", "640x428"),
        ("8 %", "10 %"),
        ("first second", "first other second"),
        ("-28.2", "28.2"),
    ],
)
def test_not_the_same(shown, came):
    assert differs(shown, came) is not None
