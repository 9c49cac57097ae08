"""The data sets that musiq knows by name, and the way to open one or a CSV of one's own."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from musiq.data import ava, biq2021, imagenet, kadid10k, koniq10k, livew, paq2piq, photos, spaq
from musiq.data.check import outside_scale
from musiq.data.csv import read_csv
from musiq.data.record import DataSet
from musiq.errors import DataError


@dataclass(frozen=True)
class KnownSet:
    """A published data set.

    Attributes:
        read: reads its published tree.
        images: how many images its authors published.
        low, high: ends of its rating scale; NaN where it has classes.
        split: its official split, in words.
    """

    read: Callable[[Path], DataSet]
    images: int
    low: float
    high: float
    split: str


SETS = {
    "ava": KnownSet(ava.read, ava.IMAGES, ava.LOW, ava.HIGH, ava.SPLIT),
    "biq2021": KnownSet(biq2021.read, biq2021.IMAGES, biq2021.LOW, biq2021.HIGH, biq2021.SPLIT),
    "imagenet": KnownSet(imagenet.read, imagenet.IMAGES, math.nan, math.nan, imagenet.SPLIT),
    "kadid10k": KnownSet(kadid10k.read, kadid10k.IMAGES, kadid10k.LOW, kadid10k.HIGH, kadid10k.SPLIT),
    "koniq10k": KnownSet(koniq10k.read, koniq10k.IMAGES, koniq10k.LOW, koniq10k.HIGH, koniq10k.SPLIT),
    "koniq10k-512": KnownSet(koniq10k.read_512, koniq10k.IMAGES, koniq10k.LOW, koniq10k.HIGH, koniq10k.SPLIT),
    "livew": KnownSet(livew.read, livew.IMAGES, livew.LOW, livew.HIGH, livew.SPLIT),
    "paq2piq": KnownSet(paq2piq.read, paq2piq.IMAGES, paq2piq.LOW, paq2piq.HIGH, paq2piq.SPLIT),
    "spaq": KnownSet(spaq.read, spaq.IMAGES, spaq.LOW, spaq.HIGH, spaq.SPLIT),
    "spaq-512": KnownSet(spaq.read_512, spaq.IMAGES, spaq.LOW, spaq.HIGH, spaq.SPLIT),
}


def open_data(
    name: str, images: Path, mos_range: tuple[float, float] | None = None, split_column: str | None = None
) -> DataSet:
    """A data set: the published tree below `images`, or the rows of a CSV of one's own whose images lie there.

    Args:
        name: a name in `SETS`, `photos` for a folder of unrated photos, or the path of a CSV in the format of
            `musiq.data.csv`, or of the common toolbox.
        images: folder of the published tree, or the one that the CSV's paths are relative to.
        mos_range: worst and best value of the rating scale, instead of the set's own; a CSV does not tell. Where the
            worst is the higher number, ratings are turned round: each m becomes worst + best - m.
        split_column: of a CSV, which column holds its split; None for the usual one.

    Raises:
        DataError: neither such a name nor such a file, a malformed set, or a MOS outside the scale.
    """
    if name == photos.NAME:
        return photos.read(images)
    data = _read(name, images, split_column, directed=mos_range is not None)
    if mos_range is not None:
        data = _on_scale(data, *mos_range)
    for fault in outside_scale(data):
        raise DataError(fault)
    return data


def _on_scale(data: DataSet, worst: float, best: float) -> DataSet:
    if worst < best:
        return replace(data, low=worst, high=best)
    if not worst > best:
        raise DataError(f"MOS range {worst:g}..{best:g}: the worst value must differ from the best")
    turned = [
        replace(record, mos=worst + best - record.mos, histogram=record.histogram and record.histogram[::-1])
        for record in data.records
    ]
    return replace(data, records=tuple(turned), low=best, high=worst)


def _read(name: str, images: Path, split_column: str | None, *, directed: bool) -> DataSet:
    if name in SETS:
        if split_column is not None:
            raise DataError(f"{name} has a split of its own; column {split_column} would be of a CSV")
        return SETS[name].read(images)
    if not Path(name).is_file():
        known = ", ".join([*SETS, photos.NAME])
        raise DataError(f"{name!r} is neither the file of a CSV nor a data set; known are {known}")
    return read_csv(Path(name), images, split_column, directed=directed)
