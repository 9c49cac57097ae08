"""What goes wrong with photos, from hardly visible to ruined: for training, for the self-test, for measuring order.

A distortion takes an RGB image of 8 bits, a severity in 0..1 and a random generator, and gives an image of the same
size. Severity 0 is just visible on a photo of about 512 pixels, 1 spoils it; the tests hold that what is lost grows
with it. Lengths are in pixels of the image given. Everything is NumPy and Pillow.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

import numpy as np
from PIL import Image

from musiq.distortions import artefacts, blur, colour, compression, light, noise, scaling

Distortion = Callable[[Image.Image, float, np.random.Generator], Image.Image]

LEVELS: Final = 5

FAMILIES: Final = MappingProxyType(
    {
        "blur": (blur.gaussian_blur, blur.motion_blur, blur.lens_blur),
        "noise": (noise.gaussian_noise, noise.shot_noise, noise.impulse_noise, noise.chroma_noise, noise.row_noise),
        "compression": (compression.jpeg, compression.webp, *compression.OPTIONAL),
        "scaling": (scaling.soft_upscale, scaling.pixelation),
        "light": (light.overexposure, light.underexposure, light.contrast_loss),
        "colour": (colour.saturation_loss, colour.oversaturation, colour.colour_cast, colour.quantisation),
        "artefacts": (artefacts.ringing, artefacts.sharpening_halos, artefacts.block_loss),
    }
)

DISTORTIONS: Final = MappingProxyType({kind.__name__: kind for kinds in FAMILIES.values() for kind in kinds})


def distort(image: Image.Image, name: str, level: int, rng: np.random.Generator) -> Image.Image:
    """`image` with one distortion at one of five levels.

    Args:
        image: mode RGB, `(W, H)`.
        name: a key of `DISTORTIONS`.
        level: 1 (just visible) to `LEVELS` (spoilt); severities 0, 0.25, 0.5, 0.75, 1.

    Raises:
        ValueError: an unknown name, a level outside 1..5, or an image of another mode.
    """
    if name not in DISTORTIONS:
        raise ValueError(f"no distortion {name!r}; there are {', '.join(DISTORTIONS)}")
    if not 1 <= level <= LEVELS:
        raise ValueError(f"level must be from 1 to {LEVELS}, got {level}")
    if image.mode != "RGB":
        raise ValueError(f"distortions take RGB images, got mode {image.mode}")
    return DISTORTIONS[name](image, (level - 1) / (LEVELS - 1), rng)
