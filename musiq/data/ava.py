"""AVA: 255,530 photos of a photo contest, each with some two hundred ratings from 1 to 10 of how beautiful it is.

    FOLDER/
        AVA.txt                                     a line per image: number, id, how many gave 1, 2, ... 10,
                                                    two ids of tags, id of the contest
        aesthetics_image_lists/generic_test.jpgl    ids of the test images, one a line
        images/<id>.jpg
        skip.txt                                    optional, yours: ids to leave out, one a line

Facts from the readme that comes with AVA.txt. `mos` is the mean of the counts, `histogram` the counts. The test list
holds 20,000 ids, of which AVA.txt is reported to know 19,930 (chaofengc/IQA-PyTorch, issue 84); the others are ignored.
All other images are for training.

The photos had to be fetched from the contest's pages, and copies that go round lack about twenty of them and hold a few
broken files. What is missing is an error that lists the ids; `musiq data check ava FOLDER --decode` finds broken files.
Whoever writes those ids to skip.txt leaves them out on purpose, and the expected number of images falls accordingly.
"""

from collections.abc import Sequence
from pathlib import Path

from musiq.data.record import DataSet, Record
from musiq.data.table import check_unique
from musiq.errors import DataError

IMAGES, LOW, HIGH = 255_530, 1.0, 10.0
SPLIT = "train, test (generic_test.jpgl)"
RATINGS = range(1, 11)
COLUMNS = 2 + len(RATINGS) + 3
LISTED = 50  # missing images that an error names


def read(folder: Path) -> DataSet:
    """The set without the images of skip.txt.

    Raises:
        DataError: names the file and row at fault, or the images that are missing.
    """
    table = folder / "AVA.txt"
    rows = [(f"{table}, row {number}", line) for number, line in enumerate(_lines(table), start=1) if line.strip()]
    counted = [(place, *_counts(place, line)) for place, line in rows]
    check_unique([(name, place) for place, name, _ in counted])
    test = set(_lines(folder / "aesthetics_image_lists" / "generic_test.jpgl"))
    skip = set(_lines(folder / "skip.txt")) if (folder / "skip.txt").is_file() else set()
    records = [_record(folder, name, counts, test) for _, name, counts in counted if name not in skip]
    _refuse_missing(records, folder)
    return DataSet("ava", tuple(records), LOW, HIGH, IMAGES - (len(counted) - len(records)))


def _lines(file: Path) -> list[str]:
    try:
        return [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: cannot be read: {error}") from error


def _counts(place: str, line: str) -> tuple[str, tuple[int, ...]]:
    """Id and ten counts of a line of AVA.txt."""
    cells = line.split()
    if len(cells) != COLUMNS or not all(cell.isdecimal() for cell in cells):
        raise DataError(f"{place}: {line!r} is not {COLUMNS} whole numbers")
    counts = tuple(int(cell) for cell in cells[2 : 2 + len(RATINGS)])
    if sum(counts) == 0:
        raise DataError(f"{place}: image {cells[1]!r} has no rating")
    return cells[1], counts


def _record(folder: Path, name: str, counts: Sequence[int], test: set[str]) -> Record:
    mos = sum(rating * count for rating, count in zip(RATINGS, counts, strict=True)) / sum(counts)
    image = folder / "images" / f"{name}.jpg"
    return Record(image, name, mos, "test" if name in test else "train", histogram=tuple(map(float, counts)))


def _refuse_missing(records: Sequence[Record], folder: Path) -> None:
    missing = [record.name for record in records if not record.image.is_file()]
    if missing:
        names = ", ".join(missing[:LISTED]) + (", ..." if len(missing) > LISTED else "")
        raise DataError(
            f"{folder / 'images'}: {len(missing)} of {len(records)} images are missing: {names}; "
            f"to do without them, write their ids to {folder / 'skip.txt'}, one a line"
        )
