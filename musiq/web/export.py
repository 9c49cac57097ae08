"""Rows and picks as files to take away: CSV, JSON, and XMP sidecars in a zip archive."""

import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

import numpy as np

from musiq.choose.photo import Photo
from musiq.choose.sidecar import packet, sidecar_path, stars_of
from musiq.choose.standing import place
from musiq.outputs.csv import CSV_COLUMNS, csv_cells, csv_line
from musiq.rows import Row
from musiq.web.album import Entry

REJECTED = -1  # stars, as Adobe's programs write it
_CHUNK = 1 << 16
_MEMORY = 1 << 20  # bytes of an archive that are held; the rest lies on the disk
Picked = tuple[Row, str | None]


def csv_lines(rows: Iterable[Picked]) -> Iterator[str]:
    """A line per photo: the columns of a run's CSV, and `pick`."""
    yield csv_line([*CSV_COLUMNS, "pick"])
    for row, pick in rows:
        yield csv_line([*csv_cells(row), pick])


def json_lines(rows: Iterable[Picked]) -> Iterator[str]:
    """A list of objects, one a line: all columns, and `pick`."""
    before = "["
    for row, pick in rows:
        yield f"{before}\n{json.dumps({**row.as_dict(), 'pick': pick}, ensure_ascii=False)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def sidecars(entries: Sequence[Entry], higher_is_better: bool) -> Iterator[bytes]:
    """A zip archive with the sidecar of each photo that has a score or is rejected, below its folder."""
    with tempfile.SpooledTemporaryFile(_MEMORY) as file:
        _write_archive(file, entries, _Stars(entries, higher_is_better))
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


def _write_archive(file: IO[bytes], entries: Sequence[Entry], stars: "_Stars") -> None:
    names = set[str]()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            number = stars.of(entry)
            if number is not None:
                name = _name(entry, names)
                names.add(name)
                archive.writestr(name, packet(entry.path, number))


def _name(entry: Entry, taken: set[str]) -> str:
    """`a.xmp`, as Adobe's programs have it; for the second photo of that stem `a.jpg.xmp`, as others do."""
    path = f"{entry.folder}/{entry.path}" if entry.upload else entry.path
    path = path.replace("\\", "_")  # which parts folders where some unpack it
    one, other = (sidecar_path(path, convention).as_posix() for convention in ("adobe", "darktable"))
    if one not in taken:
        return one
    return other if other not in taken else f"{other.removesuffix('.xmp')}.{entry.id}.xmp"


class _Stars:
    """Of a photo by its band; where it has none, by its place among those of the same file."""

    def __init__(self, entries: Sequence[Entry], higher_is_better: bool) -> None:
        self._higher_is_better = higher_is_better
        self._scores = np.sort([entry.score for entry in entries if entry.score is not None])

    def of(self, entry: Entry) -> int | None:
        """1 to 5, or `REJECTED`; None where nothing is to be said."""
        if entry.pick == "reject":
            return REJECTED
        if entry.score is None:
            return None
        photo = Photo(entry.path, entry.score, entry.band)
        return stars_of(place(photo, self._scores, self._higher_is_better))
