"""The committed pages of the paper's experiments say what their committed predictions do."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from musiq.reproduce.publish import TABLES

FOLDER = Path(__file__).parent.parent / "results/paper"
PAGES = sorted(FOLDER.glob("table*.md"))


def figures(page):
    """Mean of SRCC and of PLCC of each row, as printed."""
    lines = re.findall(r"^\| (.+?) \| `.+?` \| \d+ \| (-?[\d.]+).*? \| (-?[\d.]+)", page, flags=re.MULTILINE)
    return {label: (float(srcc), float(plcc)) for label, srcc, plcc in lines}


def test_every_table_has_a_page():
    assert {page.stem.rpartition("-")[0] for page in PAGES} == set(TABLES)


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_figures_follow_from_the_predictions(page):
    with open(page.with_suffix(".csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    mos = np.array([float(row["mos"]) for row in rows])
    runs = {name: np.array([float(row[name]) for row in rows]) for name in rows[0] if name not in ("image", "mos")}
    printed = figures(page.read_text())
    assert set(printed) == {name.rpartition(", seed ")[0] for name in runs}
    for label, (srcc, plcc) in printed.items():
        ours = [scores for name, scores in runs.items() if name.rpartition(", seed ")[0] == label]
        assert np.mean([stats.spearmanr(scores, mos).statistic for scores in ours]) == pytest.approx(srcc, abs=6e-4)
        assert np.mean([stats.pearsonr(scores, mos).statistic for scores in ours]) == pytest.approx(plcc, abs=6e-4)
