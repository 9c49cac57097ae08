"""Writes the 24 photos of the contact sheet in docs/default.md: photos that may be shown, every third of them damaged.

    pip install scikit-image && python tools/make_sheet_photos.py KODAK WALLPAPERS OUT

KODAK holds Kodak's 24 photos as 1.png to 24.png, WALLPAPERS the folder of Debian's lomiri-wallpapers-16.04.
Photos of more than 1,000 pixels are shrunk; the file's name tells the damage.
"""

import sys
from pathlib import Path

import numpy as np
import skimage
from PIL import Image

from musiq.distortions import distort
from musiq.image import load_image

LONGER_SIDE = 1000
KODAK = (1, 3, 5, 7, 14, 19, 21, 23)
WALLPAPERS = (
    "Picture_1A_by_freespace",
    "Wine_by_Jakkub_Mede",
    "friends_by_Aitzol_Berasategi",
    "picosdeeuropa_by_Aitzol_Berasategi",
    "seeding_by_Clements_Engelhardt",
)
SCIKIT_IMAGE = ("astronaut", "chelsea", "rocket")
DAMAGED = (
    (2, "jpeg", 5),
    (4, "gaussian_blur", 3),
    (8, "gaussian_noise", 4),
    (9, "motion_blur", 5),
    (12, "underexposure", 5),
    (15, "jpeg", 3),
    (20, "soft_upscale", 4),
)  # Kodak's number, distortion, level of 1 to 5
SQUEEZED = 22  # Kodak's number, at half its width


def photos(kodak: Path, wallpapers: Path) -> dict[str, Image.Image]:
    """Name and pixels of all."""
    found = {f"kodak-{number}": _load(kodak / f"{number}.png") for number in KODAK}
    found |= {name.partition("_by")[0]: _load(wallpapers / f"{name}.jpg") for name in WALLPAPERS}
    found |= {name: Image.fromarray(getattr(skimage.data, name)()) for name in SCIKIT_IMAGE}
    for number, kind, level in DAMAGED:
        damaged = distort(_load(kodak / f"{number}.png"), kind, level, np.random.default_rng(0))
        found[f"{kind}-{level}-kodak-{number}"] = damaged
    narrow = _load(kodak / f"{SQUEEZED}.png")
    found[f"squeezed-kodak-{SQUEEZED}"] = narrow.resize((narrow.width // 2, narrow.height), Image.Resampling.LANCZOS)
    return found


def _load(path: Path) -> Image.Image:
    photo = Image.fromarray(load_image(path).pixels)
    photo.thumbnail((LONGER_SIDE, LONGER_SIDE), Image.Resampling.LANCZOS)
    return photo


if __name__ == "__main__":
    out = Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    for name, photo in photos(Path(sys.argv[1]), Path(sys.argv[2])).items():
        photo.save(out / f"{name}.png")
