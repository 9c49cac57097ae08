"""Padded patch sequences to logits and score in one torch program, from `model.py` itself; every graph comes from it.

Shape letters: B images, L tokens of the longest image, K outputs, P patch side.
"""

import warnings
from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from musiq.checkpoint import Checkpoint
from musiq.errors import MissingExtraError
from musiq.patches import PatchBatch
from musiq.scores import RATINGS, OwnScale

try:
    import torch
    from torch import Tensor, nn
    from torch.export import Dim, ExportedProgram
except ImportError:
    raise MissingExtraError("exporting a checkpoint", "train") from None

from musiq.model import MUSIQ, as_state
from musiq.stem import StandardConv, standardise

INPUTS = ("pixels", "cell", "scale", "valid")
OUTPUTS = ("logits", "score")
Run = Callable[[PatchBatch], NDArray[np.floating]]  # a file in its own runtime: padded sequences -> scores (B,)


class Exported:
    """A checkpoint on its way into a file, and the program that graphs are made of, traced when it is asked for."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint

    @cached_property
    def program(self) -> ExportedProgram:
        """pixels float32 `(B, L, 3, P, P)`, cell and scale int64 `(B, L)`, valid bool `(B, L)` -> logits `(B, K)`,
        score `(B,)`. B and L are free, at least 1."""
        sizes = {0: Dim("images", min=1), 1: Dim("tokens", min=1)}
        side, index = self.checkpoint.patches.patch_size, torch.zeros(2, 7, dtype=torch.long)
        example = (torch.zeros(2, 7, 3, side, side), index, index.clone(), torch.ones(2, 7, dtype=torch.bool))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracer warns of its own internals
            network = ScoringNetwork(self.checkpoint)
            program = torch.export.export(network, example, dynamic_shapes=(sizes,) * len(INPUTS), strict=True)
        _forget_sources(program)
        return program


class ScoringNetwork(nn.Module):
    """The network, and what `scores.py` makes of its logits, in float32."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.network = MUSIQ(checkpoint.model)
        self.network.load_state_dict(as_state(checkpoint.weights))
        _standardise_once(self.network)
        self.factor, own = checkpoint.score.factor, checkpoint.own_scale
        self.own_scale = None if own is None else _OwnScale(own)
        self.ratings: Tensor
        self.register_buffer("ratings", torch.from_numpy(RATINGS.astype(np.float32)))
        self.eval().requires_grad_(False)

    def forward(self, pixels: Tensor, cell: Tensor, scale: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Logits `(B, K)` and scores `(B,)`."""
        logits = self.network(pixels, cell, scale, valid)
        rated = logits.shape[1] == len(RATINGS)
        score = logits.softmax(1) @ self.ratings if rated else logits[:, 0] * self.factor
        return logits, score if self.own_scale is None else self.own_scale(score)


class _OwnScale(nn.Module):
    """`OwnScale.apply` in plain operators: from the worst knot on, how far a score goes along each segment, times its
    slope."""

    def __init__(self, own: OwnScale) -> None:
        super().__init__()
        lengths, rises = np.diff(own.scores), np.diff(own.values)
        least, most = np.zeros(len(lengths)), lengths.copy()
        least[0], most[-1] = -np.inf, np.inf  # it goes on straight beyond the knots
        self.first = own.values[0]
        self.starts: Tensor
        self.slopes: Tensor
        self.least: Tensor
        self.most: Tensor
        numbers = {"starts": own.scores[:-1], "slopes": rises / lengths, "least": least, "most": most}
        for name, values in numbers.items():
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32))

    def forward(self, scores: Tensor) -> Tensor:
        along = scores[:, None] - self.starts  # (B, segments)
        return torch.minimum(torch.maximum(along, self.least), self.most) @ self.slopes + self.first


def _standardise_once(network: nn.Module) -> None:
    """Plain convolutions for those that standardise their kernels at each call."""
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, StandardConv):
                sizes = (layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding)
                plain = nn.Conv2d(*sizes, bias=False)  # type: ignore[arg-type]  # torch types sizes as tuples of any length
                plain.weight = nn.Parameter(standardise(layer.weight.detach()))
                setattr(parent, name, plain)


def _forget_sources(program: ExportedProgram) -> None:
    """Removes where each operation stands in this machine's files."""
    for module in program.graph_module.modules():
        for node in module.graph.nodes if isinstance(module, torch.fx.GraphModule) else ():
            node.meta.pop("stack_trace", None)
