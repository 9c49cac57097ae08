from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from musiq.evaluate.files import Predictions
from musiq.reproduce.carry_out import Outcome
from musiq.reproduce.claims import judge, order_agreement, plccs, srccs, welch
from musiq.reproduce.experiment import Claim, Experiment, Row

MOS = np.arange(20.0)


def outcome(label, noises, paper=None):
    """Runs whose predictions are the ratings with noise, a run per value."""
    runs = []
    for seed, noise in enumerate(noises):
        scores = MOS + np.random.default_rng(seed).normal(0, noise, len(MOS))
        runs.append(Predictions(Path("run"), tuple(map(str, range(20))), MOS, scores))
    return Outcome(Row(label, srcc=paper), label, tuple(runs))


GOOD, BAD = outcome("good", (1, 1.1, 0.9), 0.9), outcome("bad", (20, 21, 19), 0.7)


def verdicts(*pairs):
    experiment = Experiment("x", "", "", (GOOD.row, BAD.row), tuple(Claim(*pair, "w") for pair in pairs))
    return judge(experiment, {"good": GOOD, "bad": BAD})


def test_a_claim_holds_is_reversed_or_undecided():
    holds, turned, same = verdicts(("good", "bad"), ("bad", "good"), ("good", "good"))
    assert (holds.words, turned.words, same.words) == ("holds", "reversed", "undecided")
    assert holds.paper == pytest.approx(0.2)
    assert holds.here == pytest.approx(np.mean(srccs(GOOD)) - np.mean(srccs(BAD)))
    assert turned.here == -holds.here
    assert holds.p == pytest.approx(stats.ttest_ind(srccs(GOOD), srccs(BAD), equal_var=False).pvalue)


def test_figures_are_scipys():
    run = BAD.runs[0]
    assert srccs(BAD)[0] == pytest.approx(stats.spearmanr(run.scores, run.mos).statistic)
    assert plccs(BAD)[0] == pytest.approx(stats.pearsonr(run.scores, run.mos).statistic)


def test_one_seed_decides_nothing():
    assert welch([0.9], [0.1, 0.2]) is None
    assert welch([0.9, 0.9], [0.1, 0.1]) is None
    single = outcome("good", (1,))
    found = judge(Experiment("x", "", "", (), (Claim("good", "bad", "w"),)), {"good": single, "bad": BAD})
    assert (found[0].words, found[0].p, found[0].paper) == ("undecided", None, None)


@pytest.mark.filterwarnings("ignore:all predictions are equal:RuntimeWarning")
def test_constant_predictions_decide_nothing():
    constant = replace(GOOD, runs=tuple(replace(run, scores=np.zeros(20)) for run in GOOD.runs))
    (found,) = judge(Experiment("x", "", "", (), (Claim("good", "bad", "w"),)), {"good": constant, "bad": BAD})
    assert found.words == "undecided"


def test_a_method_without_seeds_is_one_sample():
    fixed = replace(outcome("fixed", (8,)), row=Row("fixed", classical="fixed"))
    (found,) = judge(Experiment("x", "", "", (), (Claim("good", "fixed", "w"),)), {"good": GOOD, "fixed": fixed})
    assert found.p == pytest.approx(stats.ttest_1samp(srccs(GOOD), srccs(fixed)[0]).pvalue)


def test_order_of_the_rows():
    assert order_agreement([GOOD, BAD]) is None
    middle = outcome("middle", (8, 8, 8), 0.95)
    assert order_agreement([GOOD, BAD, middle, outcome("unprinted", (1,))]) == (pytest.approx(0.5), 3)
