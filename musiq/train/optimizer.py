"""The recipe's optimizer, with a learning rate per layer and weight decay where it belongs."""

import torch
from torch import nn

from musiq.stem import InvertedFront
from musiq.train.align import Learner
from musiq.train.recipe import Recipe

UNDECAYED = ("network.spatial", "network.scale", "network.class_token")
CONVOLUTIONS = ("network.stem.conv", "network.stem.block", "network.stem.units")
MOMENTUM, BETAS = 0.9, (0.9, 0.999)


def make_optimizer(learner: Learner, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW or SGD over parameter groups that each hold `share`, their part of the learning rate."""
    stem = learner.network.stem
    if recipe.freeze_stem:
        stem.requires_grad_(False)
    if recipe.freeze_units and isinstance(stem, InvertedFront):
        for part in (stem.conv, *stem.units[: recipe.freeze_units]):
            part.requires_grad_(False)
    groups = dict[tuple[float, bool], list[nn.Parameter]]()
    for name, parameter in learner.named_parameters():
        if parameter.requires_grad:
            share = _share(name, len(learner.network.blocks), recipe)
            groups.setdefault((share, decays(name, parameter)), []).append(parameter)
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


def _share(name: str, depth: int, recipe: Recipe) -> float:
    """A parameter's part of the learning rate."""
    share: float = recipe.layer_decay ** (depth + 1 - layer_of(name, depth))
    return share * recipe.stem_rate if name.startswith(CONVOLUTIONS) else share


def layer_of(name: str, depth: int) -> int:
    """0 for stem and embeddings, i + 1 for block i, depth + 1 for what follows the blocks."""
    part = name.removeprefix("network.").split(".")
    if part[0] == "blocks":
        return int(part[1]) + 1
    return 0 if part[0] in ("stem", "spatial", "scale", "class_token") else depth + 1


def decays(name: str, parameter: nn.Parameter) -> bool:
    """Whether weight decay applies: to matrices and kernels, not to norms, biases and embeddings."""
    return parameter.ndim > 1 and name not in UNDECAYED
