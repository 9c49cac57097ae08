"""What becomes of chosen photos: lists, links and sidecars. The photos themselves are only looked at."""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

import typer

from musiq.choose.files import file_of, folder_of
from musiq.choose.links import add_link
from musiq.choose.photo import Photo
from musiq.choose.sidecar import Convention, stars_of, write_sidecar
from musiq.choose.standing import Ranked
from musiq.errors import ImageError, OutputError
from musiq.image import image_suffixes
from musiq.inputs.item import real_path
from musiq.progress import printable, say

Chosen = TypeVar("Chosen")


class Failures:
    """Names on stderr what could not be done, and counts it."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, text: str) -> None:
        print(f"musiq: {printable(text)}", file=sys.stderr)
        self.count += 1

    def end(self) -> None:
        """Ends the command, with exit code 1 if there was a failure."""
        if self.count:
            raise typer.Exit(1)


class Counted(Iterable[Photo]):
    """Photos that are counted while somebody goes through them."""

    def __init__(self, photos: Iterable[Photo]) -> None:
        self._photos, self.count = photos, 0

    def __iter__(self) -> Iterator[Photo]:
        for photo in self._photos:
            self.count += 1
            yield photo


def write_links(folder: Path, photos: Iterable[Photo], failures: Failures) -> None:
    """Links the photos in a folder; says how many links there are."""
    _do("links", photos, lambda photo: add_link(folder, file_of(photo.path)), failures)


def write_sidecars(convention: Convention, places: Iterable[Ranked], failures: Failures) -> None:
    """Writes the photos' ratings beside them; says how many there are."""
    _do(
        "sidecars",
        places,
        lambda place: write_sidecar(file_of(place.photo.path), stars_of(place), convention),
        failures,
    )


def _do(what: str, chosen: Iterable[Chosen], write: Callable[[Chosen], str], failures: Failures) -> None:
    counts = Counter[str]()
    for one in chosen:
        try:
            counts[write(one)] += 1
        except (ImageError, OutputError) as error:
            failures.add(str(error))
            counts["not written"] += 1
    say(f"{what}: " + (", ".join(f"{count:,} {done}" for done, count in sorted(counts.items())) or "none"))


def outside(photos: Iterable[Photo], folder: Path | None) -> Iterator[Photo]:
    """The photos that do not lie in the folder: what lies there are links of earlier runs."""
    real = cache(lambda name: os.path.realpath(real_path(name)))
    for photo in photos:
        if folder is None or real(folder_of(photo.path)) != os.path.realpath(folder):
            yield photo


def print_list(photos: Iterable[Photo], null: bool) -> None:
    """Prints the paths, as the bytes that the file system has, on stdout."""
    sys.stdout.flush()
    sys.stdout.buffer.writelines(_entries(photos, null))
    sys.stdout.buffer.flush()


def write_list(path: Path, photos: Iterable[Photo], null: bool, overwrite: bool) -> None:
    """Writes a file of the paths.

    Args:
        overwrite: a file that is there.

    Raises:
        OutputError: it is there, or cannot be written.
    """
    try:
        with open(path, "wb" if overwrite else "xb") as file:
            file.writelines(_entries(photos, null))
    except FileExistsError as error:
        raise OutputError(f"{path}: is there already; --overwrite replaces it") from error
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error


def _entries(photos: Iterable[Photo], null: bool) -> Iterator[bytes]:
    broken = 0
    for photo in photos:
        broken += not null and "\n" in photo.path
        yield os.fsencode(real_path(photo.path)) + (b"\0" if null else b"\n")
    if broken:
        say(f"musiq: {broken:,} paths in the list hold line ends; --null keeps paths apart")


def check_list(option: str, path: Path | None, overwrite: bool) -> None:
    """Refuses to write a list where a photo may be, or a file is, before anything is scored."""
    if path is None:
        return
    if path.suffix.lower() in image_suffixes():
        raise ValueError(f"{option} {path}: {path.suffix} is a suffix of images; a list would replace one")
    if os.path.lexists(path) and not overwrite:
        raise ValueError(f"{option} {path}: is there already; --overwrite replaces it")
