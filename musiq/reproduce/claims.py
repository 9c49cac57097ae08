"""Does the paper's ordering hold? Each claim, judged by the runs with their seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from musiq.evaluate.correlations import agreement
from musiq.reproduce.carry_out import Outcome
from musiq.reproduce.experiment import Claim, Experiment

LEVEL = 0.05


@dataclass(frozen=True)
class Verdict:
    """What the runs say of a claim.

    Attributes:
        claim: the claim.
        paper: the paper's difference in SRCC; None where it prints none.
        here: difference of the mean SRCC here.
        p: of Welch's t-test over the seeds, two-sided, or of a one-sample test against a method without seeds; None
            of fewer than two seeds.
        words: `holds`, `reversed`, or `undecided` where the difference may be chance.
    """

    claim: Claim
    paper: float | None
    here: float
    p: float | None
    words: str


def srccs(outcome: Outcome) -> list[float]:
    """SRCC of each run."""
    return [agreement(run.scores, run.mos).srcc for run in outcome.runs]


def plccs(outcome: Outcome) -> list[float]:
    """PLCC of each run."""
    return [agreement(run.scores, run.mos).plcc for run in outcome.runs]


def judge(experiment: Experiment, outcomes: Mapping[str, Outcome]) -> list[Verdict]:
    """A verdict on each claim of the experiment."""
    return [_judge(claim, outcomes[claim.better], outcomes[claim.worse]) for claim in experiment.claims]


def _judge(claim: Claim, better: Outcome, worse: Outcome) -> Verdict:
    ours, theirs = srccs(better), srccs(worse)
    here = float(np.mean(ours) - np.mean(theirs))
    p = _one_sample(ours, theirs) if worse.row.classical is not None else welch(ours, theirs)
    decided = p is not None and p < LEVEL  # not so for NaN, of a run with constant predictions
    words = "undecided" if not decided else "holds" if here > 0 else "reversed"
    return Verdict(claim, _difference(better.row.srcc, worse.row.srcc), here, p, words)


def _difference(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first - second


def welch(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Two-sided p of Welch's t-test; None where either side has fewer than two values or neither varies."""
    if min(len(first), len(second)) < 2 or max(np.ptp(first), np.ptp(second)) == 0:
        return None
    return float(stats.ttest_ind(first, second, equal_var=False).pvalue)


def _one_sample(runs: Sequence[float], fixed: Sequence[float]) -> float | None:
    return None if len(runs) < 2 or np.ptp(runs) == 0 else float(stats.ttest_1samp(runs, fixed[0]).pvalue)


def order_agreement(outcomes: Sequence[Outcome]) -> tuple[float, int] | None:
    """Spearman's correlation of the paper's SRCC with ours over the rows that have both, and how many; None below 3."""
    pairs = [(outcome.row.srcc, float(np.mean(srccs(outcome)))) for outcome in outcomes if outcome.row.srcc is not None]
    if len(pairs) < 3:
        return None
    return float(stats.spearmanr(*zip(*pairs, strict=True)).statistic), len(pairs)
