"""What a photo's score loses without a patch: a contender that local quality is compared with."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from musiq.checkpoint import Checkpoint
from musiq.explain.attention import image_tokens
from musiq.explain.maps import ScaleMap, patch_maps
from musiq.model import MUSIQ
from musiq.quality import score_tensor

TOKENS_AT_ONCE = 4096


@torch.no_grad()
def occlusion(network: MUSIQ, image: NDArray[np.uint8], checkpoint: Checkpoint) -> tuple[ScaleMap, ...]:
    """Score of the photo minus its score without a patch, for each scale; then for the largest scale's patches
    together with those of the smaller scales that hold more than half of them."""
    tokens = image_tokens(network, image, checkpoint.patches)[1:]  # the class token is put in front again
    everything = np.arange(len(tokens))
    size = image.shape[0], image.shape[1]
    single = patch_maps(_losses(network, tokens, everything[:, None], checkpoint), size, checkpoint.patches)
    columns = [np.flatnonzero(_holders(single, place)) for place in np.ndindex(single[-1].values.shape)]
    together = _losses(network, tokens, columns, checkpoint).reshape(single[-1].values.shape)
    return *single, ScaleMap(together, single[-1].regions, single[-1].longest_px, "all scales")


def _holders(maps: tuple[ScaleMap, ...], place: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which patches hold more than half of one of the largest scale, `(L,)`; it is one of them."""
    row, column = place
    box, area = maps[-1].regions.box(row, column), maps[-1].regions.area[row, column]
    return np.concatenate([one.regions.overlap(box).ravel() > area / 2 for one in maps])


def _losses(
    network: MUSIQ, tokens: Tensor, without: Iterable[NDArray[np.intp]], checkpoint: Checkpoint
) -> NDArray[np.float64]:
    """What the score loses without these tokens, one set of them after another, `(sets,)`."""
    factor = checkpoint.score.factor
    whole = score_tensor(network.encode_packed(tokens, [len(tokens)]), factor)
    kept = [torch.from_numpy(np.delete(np.arange(len(tokens)), gone)) for gone in without]
    scores = [score_tensor(network.encode_packed(*packed), factor) for packed in _packed(tokens, kept)]
    return (whole - torch.cat(scores)).numpy().astype(np.float64)


def _packed(tokens: Tensor, kept: list[Tensor]) -> Iterator[tuple[Tensor, list[int]]]:
    at_once = max(1, TOKENS_AT_ONCE // len(tokens))
    for first in range(0, len(kept), at_once):
        several = kept[first : first + at_once]
        yield tokens[torch.cat(several)], [len(one) for one in several]
