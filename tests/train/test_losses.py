import math

import pytest
import scipy.stats
import torch

from musiq.train.losses import earth_movers_distance, interval_l1, laplace_deviance, rank_pairs, shortfall


def test_interval_l1_by_hand():
    score = torch.tensor([0.5, 0.5, 0.5, 0.9])
    low, high = torch.tensor([0.2, 0.6, 0.4, 0.1]), torch.tensor([0.2, 0.8, 0.6, 0.3])
    assert interval_l1(score, low, high).tolist() == pytest.approx([0.3, 0.1, 0, 0.6])


def test_plain_l1_where_the_interval_is_a_point():
    score, label = torch.randn(2, 50)
    assert torch.allclose(interval_l1(score, label, label), torch.nn.functional.l1_loss(score, label, reduction="none"))


def test_shortfall_by_hand():
    """Photo 0 at 0.8, copies at 0.7 and 0.75 that should lie 0.2 and 0.5 below it; photo 1 alone; photo 2 in order."""
    score = torch.tensor([0.8, 0.7, 0.75, 0.1, 0.9, 0.2])
    depth = torch.tensor([0.0, 0.2, 0.5, 0.0, 0.0, 0.4])
    photo = torch.tensor([0, 0, 0, 1, 2, 2])
    first = ((0.2 - 0.1) + (0.5 - 0.05)) / 2
    second = 0.3 - (0.7 - 0.75)  # the deeper copy scores higher than the other one
    assert shortfall(score, depth, photo).tolist() == pytest.approx([first, second, 0, 0, 0, 0])


def test_shortfall_pulls_a_copy_down_and_its_photo_up():
    score = torch.tensor([0.5, 0.5], requires_grad=True)
    shortfall(score, torch.tensor([0.0, 0.3]), torch.tensor([4, 4])).sum().backward()
    assert score.grad.tolist() == [-1, 1]


def test_earth_movers_distance_by_hand():
    """Predicted uniform over ten ratings, rated all 1: cumulative differences 0.9, 0.8, ..., 0.1, 0."""
    logits, shares = torch.zeros(1, 10), torch.eye(10)[:1]
    expected = math.sqrt(sum((k / 10) ** 2 for k in range(10)) / 10)
    assert earth_movers_distance(logits, shares).item() == pytest.approx(expected)


def test_earth_movers_distance_of_opposite_ends():
    """All mass on 1 against all on 10: nine of ten cumulative differences are 1."""
    logits, shares = torch.full((1, 10), -100.0), torch.eye(10)[9:]
    logits[0, 0] = 100
    assert earth_movers_distance(logits, shares).item() == pytest.approx(math.sqrt(0.9))


def test_earth_movers_distance_of_equals_is_zero_with_a_finite_gradient():
    logits = torch.randn(3, 10, requires_grad=True)
    loss = earth_movers_distance(logits, logits.detach().softmax(dim=1))
    assert loss.max().item() < 1e-5
    loss.sum().backward()
    assert torch.isfinite(logits.grad).all()


def test_rank_pairs_by_hand():
    """Images 0 > 1 of set 0 are in order, 2 > 3 of set 1 are not; other pairs do not count."""
    score = torch.tensor([0.8, 0.4, 0.3, 0.5])
    low = high = torch.tensor([0.9, 0.1, 0.6, 0.2])
    loss = rank_pairs(score, low, high, torch.tensor([0, 0, 1, 1]), 0.1)
    assert loss.tolist() == pytest.approx([math.log1p(math.exp(-4)), 0, math.log1p(math.exp(2)), 0], rel=1e-5)


def test_overlapping_intervals_have_no_order():
    low, high = torch.tensor([0.2, 0.4]), torch.tensor([0.5, 0.6])
    assert rank_pairs(torch.tensor([0.9, 0.1]), low, high, torch.zeros(2, dtype=torch.int64), 0.1).tolist() == [0, 0]


def test_laplace_deviance_is_scipys_but_for_log_two():
    error, spread = torch.rand(20, dtype=torch.float64), torch.rand(20, dtype=torch.float64) + 0.1
    expected = -scipy.stats.laplace.logpdf(error, scale=spread) - math.log(2)
    assert laplace_deviance(error, spread.log()).numpy() == pytest.approx(expected)


def test_only_the_spread_learns_from_the_deviance():
    error, log_spread = torch.tensor([0.2], requires_grad=True), torch.tensor([math.log(0.1)], requires_grad=True)
    laplace_deviance(error, log_spread).sum().backward()
    assert error.grad is None
    assert log_spread.grad.item() == pytest.approx(1 - 0.2 / 0.1)
