"""Losses, one value per image."""

import torch
import torch.nn.functional as F
from torch import Tensor

SMALLEST = 1e-12  # keeps the root's gradient finite where two distributions agree


def interval_l1(score: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Distance from each score to [low, high]; the paper's L1 where low = high.

    Args:
        score, low, high: float `(B,)`.

    Returns:
        `(B,)`, at least 0.
    """
    return torch.relu(low - score) + torch.relu(score - high)


def shortfall(score: Tensor, depth: Tensor, photo: Tensor) -> Tensor:
    """How much the views of one photo lack in distance: by which the deeper of two should lie lower, and does not.

    Args:
        score, depth: float `(B,)`; depth is how far a view should lie below its photo.
        photo: int `(B,)`, the photo of each view.

    Returns:
        `(B,)`, at least 0: the mean over the pairs in which a view is the upper one; 0 where there is none.
    """
    gap = depth[None, :] - depth[:, None]  # by how much the second should lie below the first
    pairs = (gap > 0) & (photo[:, None] == photo[None, :])
    lacking = torch.relu(gap - (score[:, None] - score[None, :])) * pairs
    return lacking.sum(dim=1) / pairs.sum(dim=1).clamp_min(1)


def laplace_deviance(error: Tensor, log_spread: Tensor) -> Tensor:
    """Negative log-likelihood of errors that scatter as Laplace's distribution, but for log 2; least at spread = error.

    Only the spread learns from it: the error is taken as it is. Kendall and Gal, "What uncertainties do we need in
    Bayesian deep learning for computer vision?", NeurIPS 2017, section 2.2, for an absolute error.

    Args:
        error: float `(B,)`, at least 0.
        log_spread: float `(B,)`.

    Returns:
        `(B,)`.
    """
    return error.detach() * torch.exp(-log_spread) + log_spread


def earth_movers_distance(logits: Tensor, shares: Tensor) -> Tensor:
    """Earth mover's distance with r = 2 between rating distributions (paper section 3.4).

    The root of the mean over ratings of the squared difference of the cumulative distributions.

    Args:
        logits: float `(B, K)`.
        shares: float `(B, K)`, each row sums to 1.

    Returns:
        `(B,)` in [0, 1].
    """
    difference = torch.cumsum(F.softmax(logits, dim=1) - shares, dim=1)
    return difference.square().mean(dim=1).clamp_min(SMALLEST).sqrt()


def rank_pairs(score: Tensor, low: Tensor, high: Tensor, source: Tensor, temperature: float) -> Tensor:
    """How badly each image is ordered against the others of its data set: the logistic loss of RankNet.

    A pair counts where one image's whole interval lies above the other's. Burges et al., "Learning to rank using
    gradient descent", ICML 2005, equation 3.

    Args:
        score, low, high: float `(B,)`; intervals of one data set are in its own unit, which cancels out.
        source: int `(B,)`, its data set.
        temperature: difference of scores that counts as clear.

    Returns:
        `(B,)`: the mean over the pairs in which an image is the better one; 0 where there is none.
    """
    better = (low[:, None] > high[None, :]) & (source[:, None] == source[None, :])
    loss = F.softplus((score[None, :] - score[:, None]) / temperature) * better
    return loss.sum(dim=1) / better.sum(dim=1).clamp_min(1)
