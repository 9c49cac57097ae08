"""Gradient times input: a contender that local quality is compared with."""

import numpy as np
import torch
from numpy.typing import NDArray

from musiq.checkpoint import Checkpoint
from musiq.explain.maps import ScaleMap, patch_maps
from musiq.model import MUSIQ
from musiq.patches import patchify
from musiq.quality import score_tensor


def gradient_times_input(network: MUSIQ, image: NDArray[np.uint8], checkpoint: Checkpoint) -> tuple[ScaleMap, ...]:
    """For each scale what each patch adds to the score, to first order and from mid-grey: the sum over its pixels of
    the score's gradient times the pixel. Nearly nothing where a stem normalises patches, as the paper's does."""
    batch = patchify(image, checkpoint.patches)
    pixels, cell, scale = map(torch.from_numpy, (batch.pixels, batch.cell, batch.scale))
    with torch.enable_grad():
        score = score_tensor(network(pixels.requires_grad_(), cell, scale), checkpoint.score.factor)
        (gradient,) = torch.autograd.grad(score.sum(), pixels)
    added = (gradient * pixels.detach()).sum(dim=(2, 3, 4))[0]
    return patch_maps(added.numpy().astype(np.float64), (image.shape[0], image.shape[1]), checkpoint.patches)
