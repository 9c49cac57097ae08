"""Photos for the figures: a name and pixels, and what a network says of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musiq.data.record import Record
from musiq.image import load_image
from musiq.patches import PatchConfig, patchify
from musiq.scores import mean_opinion
from musiq.train.networks import Network, run_network

PLENTY = 2  # test images that a figure takes where no photo is named


class Photo(NamedTuple):
    """A decoded photo, uint8 `(H, W, 3)`."""

    name: str
    pixels: NDArray[np.uint8]


def read_photos(paths: Sequence[Path], test: Sequence[Record]) -> list[Photo]:
    """The photos at these paths, or else the first test images; an `ImageError` names what cannot be read."""
    if paths:
        return [Photo(path.name, load_image(path).pixels) for path in paths]
    return [Photo(record.name, record.pixels()) for record in test[:PLENTY]]


def score(network: Network, patches: PatchConfig, image: NDArray[np.uint8], factor: float) -> float:
    """The network's score of one image."""
    logits = run_network(network, patchify(image, patches))
    return float(mean_opinion(logits.double().numpy(), factor)[0])
