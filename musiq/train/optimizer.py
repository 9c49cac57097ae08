"""The recipe's optimizer, with a learning rate per layer and weight decay where it belongs."""

import torch
from torch import nn

from musiq.stem import InvertedFront
from musiq.train.align import Learner
from musiq.train.networks import Network
from musiq.train.recipe import Recipe

CONVOLUTIONS = ("stem.conv", "stem.block", "stem.units")
MOMENTUM, BETAS = 0.9, (0.9, 0.999)


def make_optimizer(learner: Learner, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW or SGD over parameter groups that each hold `share`, their part of the learning rate."""
    network, stem = learner.network, learner.network.stem
    if recipe.freeze_stem:
        stem.requires_grad_(False)
    if recipe.freeze_units and isinstance(stem, InvertedFront):
        for part in (stem.conv, *stem.units[: recipe.freeze_units]):
            part.requires_grad_(False)
    groups = dict[tuple[float, bool], list[nn.Parameter]]()
    for full_name, parameter in learner.named_parameters():
        if parameter.requires_grad:
            name = full_name.removeprefix("network.")
            key = _share(name, network, recipe), _decays(name, parameter, network)
            groups.setdefault(key, []).append(parameter)
    options = [
        {"params": parameters, "weight_decay": recipe.weight_decay if decayed else 0.0, "share": share}
        for (share, decayed), parameters in groups.items()
    ]
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(options, lr=recipe.learning_rate, momentum=MOMENTUM)
    return torch.optim.AdamW(options, lr=recipe.learning_rate, betas=BETAS)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Gives each group its share of the learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]


def _share(name: str, network: Network, recipe: Recipe) -> float:
    """A parameter's part of the learning rate; what is not the network's, the alignment, learns as its head does."""
    layer_of = network.group_matcher()
    share: float = recipe.layer_decay ** (layer_of("head") - layer_of(name))
    return share * recipe.stem_rate if name.startswith(CONVOLUTIONS) else share


def _decays(name: str, parameter: nn.Parameter, network: Network) -> bool:
    """Whether weight decay applies: to matrices and kernels, not to norms, biases and embeddings."""
    return parameter.ndim > 1 and name not in network.no_weight_decay()
