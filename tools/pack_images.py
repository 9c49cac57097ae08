"""Packs a data set's images into parts for a training machine that takes files only so large.

    python tools/pack_images.py biq.csv IMAGES OUT --split train --split val

writes OUT/part-000.tar and so on, each at most 60 MiB (`--part-mib`), with the images that the CSV names, as they are,
and OUT/ratings.csv. There, `for part in part-*.tar; do tar -xf $part -C IMAGES; done` makes the folder again.
"""

import argparse
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from musiq.data.csv import read_csv, write_csv

MIB = 2**20
BLOCK = 512  # a tar file's: a header and the content, each filled up to it
END = 20 * BLOCK  # what tarfile closes a file with, at most


def taken(path: Path) -> int:
    """Bytes that a file takes in a tar."""
    return BLOCK * (1 + -(-path.stat().st_size // BLOCK))


def divide(paths: Iterable[Path], limit: int) -> Iterator[list[Path]]:
    """`paths` in order, in runs that each fit a tar of `limit` bytes.

    Raises:
        ValueError: one file alone does not fit.
    """
    part, size = list[Path](), END
    for path in paths:
        need = taken(path)
        if need + END > limit:
            raise ValueError(f"{path}: {need} bytes do not fit a part of {limit}")
        if size + need > limit:
            yield part
            part, size = [], END
        part.append(path)
        size += need
    if part:
        yield part


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--split", action="append", help="only rows of this split; may be repeated")
    parser.add_argument("--part-mib", type=int, default=60)
    options = parser.parse_args()
    data = read_csv(options.table, options.images)
    records = [record for record in data.records if not options.split or record.split in options.split]
    options.out.mkdir(parents=True, exist_ok=True)
    write_csv(options.out / "ratings.csv", records, options.images)
    paths = [record.image for record in records]
    for number, part in enumerate(divide(paths, options.part_mib * MIB)):
        with tarfile.open(options.out / f"part-{number:03d}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
            for path in part:
                tar.add(path, arcname=str(path.relative_to(options.images)))
        print(f"part-{number:03d}.tar: {len(part)} images")


if __name__ == "__main__":
    main()
