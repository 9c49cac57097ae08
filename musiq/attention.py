"""Attention over padded and over packed sequences, by torch's kernels that never hold L x L numbers where it has them.

Packed sequences stand one after another in one tensor, without padding. Shape letters: B sequences, L tokens of one, N
and M tokens of all, H heads, E channels of a head.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

try:
    from torch.nn.attention.varlen import varlen_attn

    HAS_VARLEN = torch.backends.cuda.is_flash_attention_available()
except ImportError:  # torch before 2.10
    HAS_VARLEN = False

Attend = Callable[[Tensor, Tensor, Tensor], Tensor]  # queries, keys, values -> mixed values, of the queries' shape


@dataclass(frozen=True)
class Packing:
    """Where the sequences of a packed tensor stand.

    Attributes:
        lengths: tokens of each of B sequences.
        starts: int32 `(B + 1,)` on the tensor's device: first token of each, and the number of all.
    """

    lengths: tuple[int, ...]
    starts: Tensor

    @classmethod
    def of(cls, lengths: Sequence[int], device: torch.device) -> "Packing":
        """Sequences of these lengths, one after another."""
        return cls(tuple(lengths), torch.tensor([0, *lengths]).cumsum(0, dtype=torch.int32).to(device))


def attend_padded(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """Each sequence of a padded batch within itself.

    Args:
        q: `(B, L, H, E)`; k and v likewise.
        mask: bool, broadcasts to `(B, H, L, L)`, false at padded keys; None masks nothing.
    """
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))  # (B, H, L, E)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2)


def attend_packed(q: Tensor, k: Tensor, v: Tensor, queries: Packing, keys: Packing) -> Tensor:
    """Each packed sequence of queries `(N, H, E)` over its own sequence of keys and values `(M, H, E)`."""
    attend = _attend_at_once if _flash_takes(q) else _attend_in_turn
    return attend(q, k, v, queries, keys)


def _attend_at_once(q: Tensor, k: Tensor, v: Tensor, queries: Packing, keys: Packing) -> Tensor:
    mixed = varlen_attn(q, k, v, queries.starts, keys.starts, max(queries.lengths), max(keys.lengths))
    assert isinstance(mixed, Tensor)  # a tuple only if more than the mixed values is asked for
    return mixed


def _attend_in_turn(q: Tensor, k: Tensor, v: Tensor, queries: Packing, keys: Packing) -> Tensor:
    pairs = ((q, queries), (k, keys), (v, keys))
    split = (torch.split(x[None], list(packing.lengths), dim=1) for x, packing in pairs)  # each (1, L, H, E)
    return torch.cat([attend_padded(q, k, v, mask=None) for q, k, v in zip(*split, strict=True)], dim=1)[0]


def _flash_takes(q: Tensor) -> bool:
    """Whether flash attention runs on these queries; `varlen_attn` has no other kernel to fall back on."""
    if not (HAS_VARLEN and q.is_cuda and q.dtype in (torch.float16, torch.bfloat16)):
        return False
    return q.shape[-1] % 8 == 0 and q.shape[-1] <= 256 and _is_ampere(q.device)


@cache
def _is_ampere(device: torch.device) -> bool:
    return torch.cuda.get_device_capability(device) >= (8, 0)
