"""Measures how often a map of quality points at the part of a photo that was spoiled, for each way to make such a map.

    python -m tools.measure_faithfulness KODAK CLIC/validation CLIC/final-test CID22 --pairs 120 --seed 0

Each pair is a photo, shrunk to at most 1,024 px, and a random rectangle of 1/16 to 1/4 of its area that is blurred,
made noisy or compressed (`musiq.distortions`, level 3 of 5). A map is right when its mean inside the rectangle is worse
than outside, each region counting by its area there. `clean` is the same without spoiling: chance. Prints the table of
docs/explain.md, with 95 % Wilson intervals. Attention has no direction: what is printed is the one that is right more
often under blur. OMP_NUM_THREADS=1 keeps torch's threads from waiting for each other on a machine in use.
"""

import argparse
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from musiq.distortions import distort
from musiq.explain.local import local_quality
from musiq.explain.maps import ScaleMap, patch_maps
from musiq.explain.overlapping import crop_scores, regions_alone
from musiq.image import load_image
from musiq.inputs.expand import Inputs
from musiq.inputs.item import File
from musiq.progress import progress_bar
from musiq.resize import preserved_size, shrink
from musiq.scorer import Scorer

Photo = NDArray[np.uint8]
Box = tuple[float, float, float, float]  # top, left, bottom, right as fractions
Method = Callable[[Photo], Sequence[ScaleMap]]
METHODS = (
    "local quality",
    "regions alone",
    "crops",
    "occlusion",
    "gradient x input",
    "attention, last layer",
    "attention, rollout",
)
UNSIGNED = METHODS[-2:]
KINDS = {"clean": "", "blur": "gaussian_blur", "noise": "gaussian_noise", "JPEG": "jpeg"}
LEVEL = 3
LONGEST_PX = 1024
Z_95 = 1.959964


@dataclass
class Tally:
    """What was counted for one map of one method.

    Attributes:
        differences: by kind of damage, mean outside minus mean inside of each pair; positive where inside is worse.
        seconds: that the method took for each photo.
    """

    differences: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    seconds: list[float] = field(default_factory=list)

    def right(self, kind: str, sign: int = 1) -> int:
        """Pairs in which inside is worse; a draw is none."""
        return sum(sign * difference > 0 for difference in self.differences[kind])


def open_methods(scorer: Scorer, names: Sequence[str]) -> dict[str, Method]:
    """The methods by name: photo -> maps."""
    methods: dict[str, Method] = {
        "local quality": lambda photo: local_quality(scorer, photo).scales,
        "regions alone": partial(regions_alone, scorer),
        "crops": partial(crop_scores, scorer),
    }
    if set(names).difference(methods):
        methods |= _open_torch_methods(scorer)
    return {name: methods[name] for name in names}


def _open_torch_methods(scorer: Scorer) -> dict[str, Method]:
    from musiq.explain.attention import attention_maps
    from musiq.explain.gradient import gradient_times_input
    from musiq.explain.network import open_network
    from musiq.explain.occlusion import occlusion

    checkpoint = scorer.checkpoint
    network, patches = open_network(checkpoint), checkpoint.patches

    def attention(photo: Photo, rollout: bool) -> Sequence[ScaleMap]:
        weights = attention_maps(network, photo, patches, rollout=rollout).maps
        return patch_maps(np.concatenate([part.ravel() for part in weights]), photo.shape[:2], patches)

    return {
        "occlusion": lambda photo: occlusion(network, photo, checkpoint),
        "gradient x input": lambda photo: gradient_times_input(network, photo, checkpoint),
        "attention, last layer": partial(attention, rollout=False),
        "attention, rollout": partial(attention, rollout=True),
    }


def difference(one: ScaleMap, box: Box) -> float:
    """Mean of a map outside a box minus its mean inside; regions count by their area there."""
    inside = one.regions.overlap(box)
    outside = one.regions.area - inside
    return float((one.values * outside).sum() / outside.sum() - (one.values * inside).sum() / inside.sum())


def draw_box(rng: np.random.Generator, size: tuple[int, int]) -> Box:
    """A random rectangle of whole px in an image of (height, width) px: 1/16 to 1/4 of its area."""
    area, aspect = rng.uniform(1 / 16, 1 / 4), math.exp(rng.uniform(-0.5, 0.5))
    ends = []
    for length, share in zip(size, (math.sqrt(area / aspect), math.sqrt(area * aspect)), strict=True):
        side = max(1, round(length * share))
        first = int(rng.integers(0, length - side + 1))
        ends.append((first / length, (first + side) / length))
    (top, bottom), (left, right) = ends
    return top, left, bottom, right


def spoil(photo: Photo, box: Box, kind: str, rng: np.random.Generator) -> Photo:
    """The photo with a distortion inside the box; an empty name changes nothing."""
    if not kind:
        return photo
    height, width = photo.shape[:2]
    top, left, bottom, right = (round(end * length) for end, length in zip(box, (height, width) * 2, strict=True))
    spoiled, part = photo.copy(), np.s_[top:bottom, left:right]
    spoiled[part] = np.asarray(distort(Image.fromarray(photo), kind, LEVEL, rng))[part]
    return spoiled


def measure(
    methods: dict[str, Method], photos: Sequence[str], pairs: int, seed: int, names: Sequence[str], higher: bool = True
) -> dict[tuple[str, str], Tally]:
    """Counts for each method and map.

    Args:
        photos: paths; they take turns, in a random order.
        names: of the maps, small to large.
        higher: whether higher values of maps are better.
    """
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    with progress_bar("measuring", pairs) as advance:
        for path, rng in _pairs(photos, pairs, seed):
            photo = _load(path)
            box = draw_box(rng, (photo.shape[0], photo.shape[1]))
            for kind, distortion in KINDS.items():
                spoiled = spoil(photo, box, distortion, rng)
                for method, make in methods.items():
                    started = time.perf_counter()
                    maps = make(spoiled)
                    seconds = time.perf_counter() - started
                    for index, one in enumerate(maps):
                        tally = tallies[method, names[index] if index < len(names) else "all scales"]
                        tally.differences[kind].append(difference(one, box) * (1 if higher else -1))
                        tally.seconds.append(seconds)
            advance(path)
    return tallies


def _pairs(photos: Sequence[str], pairs: int, seed: int) -> Iterator[tuple[str, np.random.Generator]]:
    order = np.random.default_rng(seed).permutation(len(photos))
    for pair in range(pairs):
        yield photos[order[pair % len(photos)]], np.random.default_rng((seed, pair))


def _load(path: str) -> Photo:
    photo = load_image(path).pixels
    height, width = photo.shape[:2]
    return photo if max(height, width) <= LONGEST_PX else shrink(photo, preserved_size(height, width, LONGEST_PX))


def wilson(right: int, of: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, "Probable inference", JASA 1927)."""
    share, square = right / of, Z_95**2
    middle, half = share + square / (2 * of), Z_95 * math.sqrt(share * (1 - share) / of + square / (4 * of**2))
    return (middle - half) / (1 + square / of), (middle + half) / (1 + square / of)


def table(tallies: dict[tuple[str, str], Tally]) -> str:
    """Markdown."""
    rows = [["method", "map", *KINDS, "s a photo"], ["---"] * (len(KINDS) + 3)]
    for (method, name), tally in tallies.items():
        signs = (1, -1) if method in UNSIGNED else (1,)
        sign = max(signs, key=lambda sign: tally.right("blur", sign))
        said = f" ({'less' if sign == 1 else 'more'} is worse)" if len(signs) > 1 else ""
        cells = [_share(tally.right(kind, sign), len(tally.differences[kind])) for kind in KINDS]
        rows.append([method + said, name, *cells, f"{np.mean(tally.seconds):.2f}"])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _share(right: int, of: int) -> str:
    low, high = (100 * end for end in wilson(right, of))
    return f"{100 * right / of:.0f} % ({low:.0f} to {high:.0f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", nargs="+", help="photos and folders of them")
    parser.add_argument("--pairs", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint", default="default")
    parser.add_argument("--method", action="append", choices=METHODS, help="only this one; may be repeated")
    options = parser.parse_args()
    photos = [item.source.path for item in Inputs(tuple(options.photos)) if isinstance(item.source, File)]
    scorer = Scorer.load(options.checkpoint)
    patches = scorer.checkpoint.patches
    names = [*(f"{side} px" for side in patches.longer_sides), *(["native"] if patches.native else [])]
    methods = open_methods(scorer, options.method or METHODS)
    higher = scorer.checkpoint.score_range.higher_is_better
    print(f"{options.pairs} pairs of {min(options.pairs, len(photos))} photos, seed {options.seed}, {patches.id}\n")
    print(table(measure(methods, photos, options.pairs, options.seed, names, higher)))


if __name__ == "__main__":
    main()
