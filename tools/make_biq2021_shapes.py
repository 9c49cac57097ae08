"""Cuts BIQ2021's square photos to many shapes, to try what a network makes of aspect ratios.

    python tools/make_biq2021_shapes.py biq.csv IMAGES OUT_FOLDER --count 1600 300 800

`biq.csv` is what tools/split_biq2021.py writes. OUT_FOLDER gets shapes.csv (image, mos, split) and photos as PNG: of
each 512 x 512 photo a part of full width or full height at a random place, its aspect ratio between 1:2 and 2:1, drawn
by seed. The rating stays that of the whole photo: what is cut away makes it less exact, for every network alike.
`--count` draws so many photos of train, val and test, those that `musiq reproduce --scale small` would.
"""

import argparse
import csv
import math
from pathlib import Path
from zlib import crc32

import numpy as np
from PIL import Image

from musiq.data.csv import read_csv
from musiq.progress import progress_bar
from musiq.reproduce.workshop import reduce_data

LONGEST = 2.0  # aspect ratio of the longest shape


def cut_shape(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A part of the photo of full width or full height, at a random place."""
    aspect = math.exp(rng.uniform(-math.log(LONGEST), math.log(LONGEST)))  # width over height
    width, height = min(image.width, image.height * aspect), min(image.height, image.width / aspect)
    size = round(width), round(height)
    left, top = (int(rng.integers(whole - part + 1)) for whole, part in zip(image.size, size, strict=True))
    return image.crop((left, top, left + size[0], top + size[1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--count", type=int, nargs=3, metavar=("TRAIN", "VAL", "TEST"), help="photos drawn; all if unset"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    train, val, test = options.count or (None, None, None)
    records = reduce_data(read_csv(options.table, options.images), (train, val, test)).records
    options.out.mkdir(parents=True, exist_ok=True)
    rows = []
    with progress_bar("cutting", len(records)) as advance:
        for record in records:
            name = f"{Path(record.name).stem}.png"
            rng = np.random.default_rng((options.seed, crc32(record.name.encode())))
            cut_shape(Image.open(record.image).convert("RGB"), rng).save(options.out / name, compress_level=1)
            rows.append((name, record.mos, record.split))
            advance("")
    with open(options.out / "shapes.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image", "mos", "split"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
