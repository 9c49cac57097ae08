"""Where the class token looks (the paper's Figure 4): its attention over the patches of every scale.

Shape letters: L patches of the image, D width, H heads, E = D/H.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np
from numpy.typing import NDArray

from musiq.errors import MissingExtraError
from musiq.patches import PatchConfig, grid_shape, patch_sequence, pyramid_sizes

try:
    import torch
    from torch import Tensor
except ImportError:
    raise MissingExtraError("drawing attention", "train") from None

from musiq.attention import attend_padded
from musiq.model import MUSIQ, Block

WEIGHTS_AT_ONCE = 2**22  # attention weights held at a time: 32 MiB


@dataclass(frozen=True)
class AttentionMaps:
    """How one image's class token spreads its attention; all of it together is 1.

    Attributes:
        maps: float64 `(rows, columns)` in [0, 1] for each scale, small to large: a weight per patch.
        class_weight: what the class token gives to itself.
        sizes: (height, width) in px of each scale's image.
        patch_size: side of a patch in px.
    """

    maps: tuple[NDArray[np.float64], ...]
    class_weight: float
    sizes: tuple[tuple[int, int], ...]
    patch_size: int

    @property
    def shares(self) -> tuple[float, ...]:
        """Part of the attention that each scale gets; with `class_weight` they sum to 1."""
        return tuple(float(weights.sum()) for weights in self.maps)

    @property
    def tokens(self) -> int:
        """Tokens that share the attention: all patches and the class token."""
        return 1 + sum(weights.size for weights in self.maps)


def attention_maps(
    network: MUSIQ, image: NDArray[np.uint8], patches: PatchConfig, layer: int = -1, rollout: bool = False
) -> AttentionMaps:
    """The class token's attention over all patches, mean of the heads (paper Figure 4).

    Neither kind holds L x L weights, so photos of any size will do; a rollout computes every block's attention twice.

    Args:
        network: in evaluation mode, in float32.
        image: uint8 `(H, W, 3)` sRGB.
        patches: how the network's images become patches.
        layer: index of the block whose attention it is; -1 is the last.
        rollout: follow the attention through all blocks up to `layer`, half of each block's being the residual
            connection (Abnar and Zuidema, "Quantifying attention flow in transformers", ACL 2020, section 3).

    Raises:
        ValueError: the network is in training mode, or has no such layer.
    """
    depth = len(network.blocks)
    if network.training:
        raise ValueError("attention maps need a network in evaluation mode: call network.eval()")
    if not -depth <= layer < depth:
        raise ValueError(f"the network has {depth} layers, it has no layer {layer}")
    with torch.no_grad():
        blocks = cast(Sequence[Block], list(network.blocks)[: layer % depth + 1])
        inputs = _block_inputs(network, blocks, image_tokens(network, image, patches), rollout)
        weights = _roll_out(blocks, inputs) if rollout else _weigh(_class_alone(inputs[-1]), blocks[-1], inputs[-1])
    return _split(weights.cpu().numpy(), image.shape[0], image.shape[1], patches)


def image_tokens(network: MUSIQ, image: NDArray[np.uint8], patches: PatchConfig) -> Tensor:
    """What enters the first block, `(1 + L, D)`, the class token first; the stem sees a few patches at a time."""
    sequence, device = patch_sequence(image, patches), network.class_token.device
    tokens, start = [network.class_token[None]], 0
    for pixels in sequence.pieces():
        place = slice(start, start + len(pixels))
        fields = pixels, sequence.cell[place], sequence.scale[place]
        tokens.append(network.embed(*(torch.from_numpy(field).to(device) for field in fields)))
        start = place.stop
    return torch.cat(tokens)


def _block_inputs(network: MUSIQ, blocks: Sequence[Block], x: Tensor, every: bool) -> list[Tensor]:
    """What enters the blocks, each `(1 + L, D)`: every one's or only the last one's."""
    inputs = [x]
    for block in blocks[:-1]:
        x = block(x[None], partial(attend_padded, mask=None))[0]
        inputs = [*inputs, x] if every else [x]
    return inputs


def _roll_out(blocks: Sequence[Block], inputs: Sequence[Tensor]) -> Tensor:
    """Row 0 of the product of all blocks' (A + I) / 2, `(1 + L,)`; from the last block on it takes vectors only."""
    flow = _class_alone(inputs[0])
    for block, x in zip(reversed(blocks), reversed(inputs), strict=True):
        flow = (_weigh(flow, block, x) + flow) / 2
    return flow


def _class_alone(x: Tensor) -> Tensor:
    """All weight on the class token, float64 `(1 + L,)`."""
    flow = x.new_zeros(len(x), dtype=torch.float64)
    flow[0] = 1
    return flow


def _weigh(flow: Tensor, block: Block, x: Tensor) -> Tensor:
    """`flow @ A`, float64 `(1 + L,)`, A being the mean of the heads' attention in a block; a few rows of A at a time.

    Args:
        flow: float64 `(1 + L,)`; rows of A that it has no weight for are not computed.
        x: what enters the block, `(1 + L, D)`.
    """
    attention, context = block.attention, block.attention_norm(x)
    keys = attention.key(context).unflatten(-1, (attention.heads, -1))  # (1 + L, H, E)
    weighed = torch.zeros_like(flow)
    for rows in torch.split(flow.nonzero()[:, 0], max(1, WEIGHTS_AT_ONCE // (len(x) * attention.heads))):
        queries = attention.query(context[rows]).unflatten(-1, (attention.heads, -1))  # (n, H, E)
        products = torch.einsum("nhe,lhe->nhl", queries, keys) / math.sqrt(keys.shape[-1])
        weighed += torch.einsum("n,nhl->l", flow[rows], products.softmax(-1, dtype=torch.float64))
    return weighed / attention.heads


def _split(weights: NDArray[np.float64], height: int, width: int, patches: PatchConfig) -> AttentionMaps:
    """Weights `(1 + L,)` of an image of this size in px, each scale's in its own grid."""
    sizes = pyramid_sizes(height, width, patches)
    shapes = [grid_shape(*size, patches.patch_size) for size in sizes]
    ends = np.cumsum([1, *(rows * columns for rows, columns in shapes)])
    maps = [part.reshape(shape) for part, shape in zip(np.split(weights, ends)[1:-1], shapes, strict=True)]
    return AttentionMaps(tuple(maps), float(weights[0]), tuple(sizes), patches.patch_size)
