"""The network in reading order: encoder block, then the whole (paper section 3 and Figure 2); `stem.py` embeds patches.

Shape letters: B images, L tokens of one image, T tokens of all images, D width, H heads, E = D/H, K outputs, P patch
side. Sequences are either padded, `(B, L, D)`, as training has them, or packed, `(T, D)`.
Parameter names follow the folder's `model.safetensors`; `published.py` maps the published names onto them.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from musiq.attention import Attend, Packing, attend_packed, attend_padded
from musiq.config import ModelConfig
from musiq.spatial import sinusoid_table
from musiq.stem import initialise, make_stem
from musiq.timm_style import TimmStyle


class Attention(nn.Module):
    """Multi-head attention, each image within itself; `attend` says where the images stand."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, context: Tensor, attend: Attend) -> Tensor:
        """What the tokens `x` `(..., M, D)` read in `context` `(..., L, D)`: `(..., M, D)`."""
        projected = self.query(x), self.key(context), self.value(context)
        q, k, v = (part.unflatten(-1, (self.heads, -1)) for part in projected)  # (..., L, H, E)
        return self.out(attend(q, k, v).flatten(-2))


class MLP(nn.Module):
    """Two layers with GELU in its tanh form."""

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.expand = nn.Linear(width, hidden)
        self.contract = nn.Linear(hidden, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.dropout(F.gelu(self.expand(x), approximate="tanh"))
        return self.dropout(self.contract(x))


class Block(nn.Module):
    """Pre-norm encoder block; in training it is skipped per image with probability `skip`."""

    def __init__(self, config: ModelConfig, skip: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.width, eps=1e-6)
        self.attention = Attention(config.width, config.heads)
        self.dropout = nn.Dropout(config.dropout)
        self.mlp_norm = nn.LayerNorm(config.width, eps=1e-6)
        self.mlp = MLP(config.width, config.mlp, config.dropout)
        self.skip = skip

    def forward(self, x: Tensor, attend: Attend, rows: Tensor | None = None) -> Tensor:
        """Tokens `(..., L, D)` to the next block's; of packed tokens `(T, D)` only those at `rows`, if given."""
        context = self.attention_norm(x)
        asking = context if rows is None else context[rows]
        x = x if rows is None else x[rows]
        x = x + self._thin(self.dropout(self.attention(asking, context, attend)))
        return x + self._thin(self.mlp(self.mlp_norm(x)))

    def _thin(self, branch: Tensor) -> Tensor:
        if not self.training or self.skip == 0:
            return branch
        keep = torch.rand(len(branch), 1, 1, device=branch.device) >= self.skip
        return branch * keep / (1 - self.skip)


class MUSIQ(TimmStyle):
    """Patch sequences to logits; the same in training and evaluation."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.stem = make_stem(config)
        if config.spatial == "hash":
            self.spatial = nn.Parameter(torch.empty(config.grid_size**2, config.width))
        elif config.spatial == "sinusoid":
            self.register_buffer(
                "spatial", torch.from_numpy(sinusoid_table(config.grid_size, config.width)), persistent=False
            )
        if config.scale_embedding:
            self.scale = nn.Parameter(torch.empty(config.scales, config.width))
        self.class_token = nn.Parameter(torch.empty(config.width))
        self.dropout = nn.Dropout(config.dropout)
        rates = torch.linspace(0, config.stochastic_depth, config.depth).tolist()
        self.blocks = nn.ModuleList(Block(config, rate) for rate in rates)
        self.norm = nn.LayerNorm(config.width, eps=1e-6)
        self.head = nn.Linear(config.width, config.outputs)
        self.apply(initialise)
        for table in (self.spatial if config.spatial == "hash" else None, self.class_token):
            if table is not None:
                nn.init.normal_(table, std=0.02)
        if config.scale_embedding:
            nn.init.normal_(self.scale, std=0.02)

    def forward(self, pixels: Tensor, cell: Tensor, scale: Tensor, valid: Tensor | None = None) -> Tensor:
        """Logits `(B, K)`, in the weights' precision also under autocast, of a `PatchBatch` given as tensors.

        Args:
            pixels: float32 `(B, L, 3, P, P)` in [-1, 1].
            cell: int64 `(B, L)` in [0, G*G).
            scale: int64 `(B, L)` in [0, S).
            valid: bool `(B, L)`; None means that nothing is padded.
        """
        x = self._encode(pixels, cell, scale, valid)
        return self.forward_head(self._normalise(x[:, :1]))  # nothing but the class token reaches the head

    def forward_features(self, pixels: Tensor, cell: Tensor, scale: Tensor, valid: Tensor | None = None) -> Tensor:
        """Tokens `(B, 1 + L, D)` after the last block and norm, class token first, in the weights' precision.

        `forward_head` of it is `forward`, which saves itself the norm of the other tokens. Padded tokens mean nothing.

        Args:
            pixels: as `forward` has it; cell, scale and valid likewise.
        """
        return self._normalise(self._encode(pixels, cell, scale, valid))

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """Logits `(B, K)` of what `forward_features` gives; with `pre_logits` the class token that they are read off.

        Args:
            x: `(B, 1 + L, D)`; only the class token, first, is read.
        """
        x = x[:, 0].to(self.norm.weight.dtype)  # (B, D)
        with torch.autocast(x.device.type, enabled=False):
            return x if pre_logits else self.head(x)

    def _encode(self, pixels: Tensor, cell: Tensor, scale: Tensor, valid: Tensor | None) -> Tensor:
        """What leaves the last block, `(B, 1 + L, D)`."""
        x = self.embed(pixels, cell, scale)  # (B, L, D)
        x = torch.cat([self.class_token.expand(len(x), 1, -1), x], dim=1)  # (B, 1 + L, D)
        x = self.dropout(x)
        mask = None if valid is None else F.pad(valid, (1, 0), value=True)[:, None, None, :]  # (B, 1, 1, 1 + L)
        for block in self.blocks:
            x = self._run(block, x, partial(attend_padded, mask=mask))
        return x

    def _normalise(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return self.norm(x.to(self.norm.weight.dtype))

    def embed(self, pixels: Tensor, cell: Tensor, scale: Tensor) -> Tensor:
        """Tokens with their embeddings, `(..., D)`, of patches `(..., 3, P, P)` at `cell` and `scale`, both `(...)`."""
        x = self._run_stem(self.stem, pixels.flatten(0, -4)).reshape(*pixels.shape[:-3], self.config.width)
        if self.config.spatial != "none":
            x = x + F.embedding(cell, self.spatial)  # whose gradients are added in the same order each time
        if self.config.scale_embedding:
            x = x + F.embedding(scale, self.scale)
        return x

    def forward_packed(
        self, pixels: Tensor, cell: Tensor, scale: Tensor, lengths: Sequence[int], chunk: int = 128
    ) -> Tensor:
        """Logits `(B, K)` as `forward` computes them in evaluation, of images one after another without padding.

        Args:
            pixels: float32 `(T, 3, P, P)` in [-1, 1].
            cell: int64 `(T,)` in [0, G*G).
            scale: int64 `(T,)` in [0, S).
            lengths: tokens of each image.
            chunk: patches in the stem at a time; its activations take far more memory than its tokens.
        """
        pieces = zip(*(torch.split(part, chunk) for part in (pixels, cell, scale)), strict=True)
        return self.encode_packed(torch.cat([self.embed(*piece) for piece in pieces]), lengths)

    def encode_packed(self, tokens: Tensor, lengths: Sequence[int]) -> Tensor:
        """Logits `(B, K)`, in the weights' precision, of embedded tokens `(T, D)`, in evaluation only."""
        if self.training:
            raise RuntimeError("packed sequences are for evaluation: dropout and stochastic depth are per padded image")
        images = torch.split(tokens, list(lengths))
        x = torch.cat([part for image in images for part in (self.class_token[None], image)])  # (T + B, D)
        whole = Packing.of([1 + length for length in lengths], x.device)
        alone = Packing.of([1] * len(lengths), x.device)
        *blocks, last = self.blocks
        for block in blocks:
            x = self._run(block, x, partial(attend_packed, queries=whole, keys=whole))
        # nothing but the class tokens of the last block reaches the head
        x = self._run(last, x, partial(attend_packed, queries=alone, keys=whole), whole.starts[:-1])  # (B, D)
        return self.forward_head(self._normalise(x[:, None]))


def as_state(weights: Mapping[str, NDArray[np.float32]]) -> dict[str, Tensor]:
    """A checkpoint's arrays as tensors of their own memory, for `load_state_dict`."""
    return {name: torch.from_numpy(array.copy()) for name, array in weights.items()}
