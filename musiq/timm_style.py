"""What timm's tools ask of a network, under the names that they ask for: layers, weight decay, head, less memory.

Nothing here needs timm. The optimizer of `musiq train` asks the same, so that both treat a parameter alike.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from musiq.config import ModelConfig
from musiq.stem import initialise

PIECE_PX = 2**20  # pixels in the stem at a time where it is computed again: 0.5 GB of activations at the paper's width


class TimmStyle(nn.Module):
    """Base of the network, which brings `stem`, embeddings, `blocks`, `norm` and `head`.

    Attributes:
        num_classes: outputs K; 0 without a head.
        num_features, head_hidden_size, embed_dim: width D.
        grad_checkpointing: whether stem and blocks are computed again in the backward pass.
    """

    blocks: nn.ModuleList
    norm: nn.LayerNorm
    head: nn.Linear

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.num_classes = config.outputs
        self.num_features = self.head_hidden_size = self.embed_dim = config.width
        self.grad_checkpointing = False

    def no_weight_decay(self) -> set[str]:
        """Names of embeddings and class token, which weight decay leaves alone, as it does all norms and biases."""
        return {name for name, _ in self.named_parameters(recurse=False)}

    def group_matcher(self, coarse: bool = False) -> Callable[[str], int]:
        """A function from a parameter's name to its layer: 0 for stem and embeddings, i + 1 for block i, then the rest.

        Args:
            coarse: changes nothing: no layer is smaller than a block.
        """
        first, last = {"stem", *self.no_weight_decay()}, len(self.blocks) + 1

        def layer_of(name: str) -> int:
            part = name.split(".")
            if part[0] == "blocks":
                return int(part[1]) + 1
            return 0 if part[0] in first else last

        return layer_of

    def get_classifier(self) -> nn.Module:
        """The head; an `nn.Identity` where there is none."""
        return self.head

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """Replaces the head by a new one, with weights as in a new network; `config` follows.

        Args:
            num_classes: outputs K; 0 for no head: the network then gives features `(B, D)`. No checkpoint has those:
                `config` keeps the outputs that it had.
            global_pool: `token` or None: the head reads the class token and nothing else.

        Raises:
            ValueError: a negative number, or another `global_pool`.
        """
        if global_pool not in (None, "token"):
            raise ValueError(f"global_pool must be 'token', for the head reads the class token; got {global_pool!r}")
        if num_classes == 0:
            self.head = nn.Identity()  # type: ignore[assignment]  # training and export need a head of numbers
        else:
            self.config = replace(self.config, outputs=num_classes)
            like = self.norm.weight
            self.head = nn.Linear(self.config.width, num_classes, device=like.device, dtype=like.dtype)
            initialise(self.head)
        self.num_classes = num_classes

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Trades time for memory: the backward pass finds only what entered each block, and computes the rest again.

        That takes one more forward pass. Gradients stay the same up to rounding; so do the numbers drawn for dropout
        and stochastic depth.
        """
        self.grad_checkpointing = enable

    def _run(self, layer: Callable[..., Tensor], *inputs: Any) -> Tensor:
        """What the layer makes of its inputs."""
        return checkpoint(layer, *inputs, use_reentrant=False) if self._recomputes else layer(*inputs)

    def _run_stem(self, stem: Callable[[Tensor], Tensor], patches: Tensor) -> Tensor:
        """Tokens `(N, D)` of patches `(N, 3, P, P)`; piece by piece, for the stem holds far more than any block."""
        piece = max(1, PIECE_PX // self.config.patch_size**2) if self._recomputes else len(patches)
        if len(patches) <= piece:
            return self._run(stem, patches)
        return torch.cat([self._run(stem, part) for part in torch.split(patches, piece)])

    @property
    def _recomputes(self) -> bool:
        return self.grad_checkpointing and torch.is_grad_enabled()
