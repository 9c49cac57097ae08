"""Which images a checkpoint was trained on, by name and perceptual hash, and which test images are among them."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musiq.data.duplicates import BITS, NEAR_BITS, Hashes, near_pairs, perceptual_hashes
from musiq.data.record import Record
from musiq.errors import DataError

COLUMNS = ["image", "hash"]
HEX_DIGITS = BITS // 4


@dataclass(frozen=True)
class Seen:
    """Images that a checkpoint was trained on.

    Attributes:
        names: of the images, in their data sets.
        hashes: bool `(N, 64)`.
    """

    names: tuple[str, ...]
    hashes: Hashes


@dataclass(frozen=True)
class NearPair:
    """A test image and the training image nearest to it, `bits_apart` of 64."""

    test: str
    training: str
    bits_apart: int


def seen_list(records: Sequence[Record], workers: int = 0) -> bytes:
    """The list of images as a CSV: name, and the perceptual hash as 16 hex digits.

    Raises:
        DataError: an image cannot be read.
    """
    hashes = perceptual_hashes([record.image for record in records], workers)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(
        [record.name, np.packbits(bits).tobytes().hex()] for record, bits in zip(records, hashes, strict=True)
    )
    return text.getvalue().encode()


def read_seen(data: bytes) -> Seen:
    """The list in such a CSV.

    Raises:
        DataError: names the row at fault.
    """
    try:
        header, *rows = csv.reader(io.StringIO(data.decode(), newline=""))
    except (ValueError, csv.Error) as error:
        raise DataError(f"list of training images: {error}") from error
    if header != COLUMNS:
        raise DataError(f"list of training images: columns {header}, not {COLUMNS}")
    hashes = [_bits(row, number) for number, row in enumerate(rows, start=2)]
    return Seen(tuple(row[0] for row in rows), np.stack(hashes) if hashes else np.zeros((0, BITS), bool))


def _bits(row: list[str], number: int) -> Hashes:
    try:
        _, digits = row
        values = np.frombuffer(bytes.fromhex(digits), np.uint8)
        if len(digits) != HEX_DIGITS or len(values) * 8 != BITS:
            raise ValueError
    except ValueError:
        raise DataError(f"list of training images, row {number}: {row} is not a name and 16 hex digits") from None
    return np.unpackbits(values).astype(bool)


def find_seen(seen: Seen, records: Sequence[Record], workers: int = 0, distance: int = NEAR_BITS) -> list[NearPair]:
    """Each record that is a near-duplicate of a training image, with the nearest one, in the records' order.

    Raises:
        DataError: an image cannot be read.
    """
    hashes = perceptual_hashes([record.image for record in records], workers)
    nearest = dict[int, tuple[int, int]]()  # record -> (bits apart, training image)
    for row, column in zip(*(indexes.tolist() for indexes in near_pairs(hashes, seen.hashes, distance)), strict=True):
        pair = int(np.count_nonzero(hashes[row] != seen.hashes[column])), column
        nearest[row] = min(nearest.get(row, pair), pair)
    return [NearPair(records[row].name, seen.names[column], bits) for row, (bits, column) in sorted(nearest.items())]
