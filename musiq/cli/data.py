"""`musiq data`: which data sets are known, is one whole, and how to split one's own."""

import math
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from musiq.cli.options import RangeOption, SplitColumnOption
from musiq.data.check import describe, find_faults
from musiq.data.csv import write_csv
from musiq.data.record import DataSet, Record
from musiq.data.sets import SETS, open_data
from musiq.data.split import assign_splits, group_numbers
from musiq.errors import MissingExtraError
from musiq.tables import print_table

app = typer.Typer(help="List known data sets, check one, or split one into training, validation and test.")

Name = Annotated[str, typer.Argument(help="Data set, see `musiq data list`, or a CSV with the columns image and mos.")]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the published tree, or of the CSV's images.")]
Workers = Annotated[int, typer.Option(min=0, help="Processes that read images; 0 for this one.")]


@app.command("list")
def list_sets() -> None:
    """List the data sets that are known by name."""
    rows = (
        (
            name,
            f"{known.images:,}",
            "classes" if math.isnan(known.low) else f"{known.low:g}..{known.high:g}",
            known.split,
        )
        for name, known in SETS.items()
    )
    print_table(("name", "images", "scale", "official split"), rows, sys.stdout, right=("images",))


@app.command()
def check(
    name: Name,
    folder: Folder,
    decode: Annotated[bool, typer.Option("--decode", help="Also decode every image.")] = False,
    mos_range: RangeOption = None,
    split_column: SplitColumnOption = None,
    workers: Workers = 1,
) -> None:
    """Print facts about a data set, and faults on stderr. Exit 0; 1 for faults; 2 where it cannot be read."""
    data = open_data(name, folder, mos_range, split_column)
    print_table(("fact", "value"), describe(data).items(), sys.stdout)
    faults = find_faults(data, decode=decode, workers=workers)
    for fault in faults:
        print(f"musiq: {fault}", file=sys.stderr)
    if faults:
        raise typer.Exit(1)


@app.command()
def split(
    name: Name,
    folder: Folder,
    out: Annotated[Path, typer.Option(help="CSV to write, with paths relative to DIR.")],
    seed: Annotated[int, typer.Option(help="Of the random choice.")] = 0,
    shares: Annotated[
        tuple[float, float, float], typer.Option(help="Of the images, for train, val and test; they sum to 1.")
    ] = (0.8, 0.0, 0.2),
    keep_test: Annotated[
        bool, typer.Option("--keep-test", help="Leave the set's own test images alone; the share of test must be 0.")
    ] = False,
    near_bits: Annotated[
        int, typer.Option(min=0, max=64, help="Images whose perceptual hashes differ in no more bits stay together.")
    ] = 10,
    no_near: Annotated[bool, typer.Option("--no-near", help="Do not look for near-duplicates.")] = False,
    mos_range: RangeOption = None,
    split_column: SplitColumnOption = None,
    workers: Workers = 1,
) -> None:
    """Split at random, by seed; groups and near-duplicates stay together. Writes a CSV for training and evaluation."""
    data = open_data(name, folder, mos_range, split_column)
    _refuse_unwritable(data)
    if keep_test and shares[2] != 0:
        raise ValueError(f"--keep-test with a share of {shares[2]:g} for test; say --shares 0.9 0.1 0, for example")
    free = [replace(record, split="") for record in data.records if not (keep_test and record.split == "test")]
    alike = None if no_near else _near_duplicates(free, near_bits, workers)
    chosen = assign_splits(replace(data, records=tuple(free)), seed, shares, alike).records
    splits = {record.name: record.split for record in chosen}
    records = [replace(record, split=splits.get(record.name, "test")) for record in data.records]
    _write(out, records, folder)
    _print_counts(records)
    sizes = Counter(group_numbers(free, alike).tolist()).values()
    print(f"{len(free)} images in {len(sizes)} groups, the largest of {max(sizes, default=0)}")


def _refuse_unwritable(data: DataSet) -> None:
    """A CSV holds ratings of images as they are."""
    if data.classes:
        raise ValueError(f"{data.name} has classes and no ratings; its folders are its split")
    if any(record.shorter_side_px for record in data.records):
        raise ValueError(f"a CSV cannot say that images are to be reduced, as those of {data.name} are")


def _near_duplicates(records: Sequence[Record], bits: int, workers: int) -> list[int]:
    """Number of the group of near-duplicates that each record is in."""
    try:
        from musiq.data.duplicates import duplicate_groups, perceptual_hashes
    except ImportError as error:
        raise MissingExtraError("finding near-duplicates", "train") from error
    return duplicate_groups(perceptual_hashes([record.image for record in records], workers), bits).tolist()


def _write(out: Path, records: Sequence[Record], folder: Path) -> None:
    try:
        write_csv(out, records, folder)
    except OSError as error:
        raise ValueError(f"--out {out}: {error.strerror}") from error


def _print_counts(records: Sequence[Record]) -> None:
    counts = Counter(record.split for record in records)
    rows = ((name, f"{counts[name]:,}") for name in ("train", "val", "test"))
    print_table(("split", "images"), rows, sys.stdout, right=("images",))
