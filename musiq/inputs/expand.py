"""What a user names -> items: files, folders, patterns, lists, archives, tables, data sets and addresses."""

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from musiq.errors import InputError
from musiq.image import image_suffixes
from musiq.inputs.addresses import filesystem, is_address, path_item, suffix_of
from musiq.inputs.faults import guarded
from musiq.inputs.folder import list_folder, list_parts
from musiq.inputs.huggingface import SavedDataSet, is_saved
from musiq.inputs.item import Item
from musiq.inputs.lists import LIST_SUFFIXES, list_items
from musiq.inputs.patterns import expand_braces, list_matches
from musiq.inputs.remote import is_remote_folder, list_remote, remote_matches
from musiq.inputs.tables import FORMATS, Table
from musiq.inputs.tar import TAR_SUFFIXES, tar_items
from musiq.inputs.zip import zip_items

SLOW_SUFFIXES = {*TAR_SUFFIXES, ".parquet"} - {".tar"}


@dataclass(frozen=True)
class Inputs:
    """The items of what is named: the same ones in the same order each time, one after another.

    A file that is no container is an item, whatever its suffix, and so is what does not exist: reading it says why not.
    Containers are told by their suffix (`.tar`, `.tar.gz`, `.tgz`, `.tar.bz2`, `.tar.xz`, `.zip`, `.csv`, `.tsv`,
    `.jsonl`, `.parquet`, `.lst`), only where they are named or matched, not within a folder or a list. Of a
    folder and of an archive all files with an image suffix are items. A folder of Parquet files without images is a
    table, and a folder that `datasets.save_to_disk` wrote is a data set. Patterns are `{000..099}`, `{a,b}` and those
    of `glob`; of an address only those with `*`. What is damaged ends its container with an item that says so.

    Attributes:
        names: paths, patterns and addresses; one that stands there twice counts once.
        recursive: whether subfolders are looked into, and `**` stands for any number of folders.
        column: of tables and data sets; None for the first that can be it.
        folder: that paths in tables and lists are relative to; None for the table's own, and for lists the working
            directory.
    """

    names: tuple[str, ...]
    recursive: bool = False
    column: str | None = None
    folder: Path | None = None

    def __iter__(self) -> Iterator[Item]:
        """The items.

        Raises:
            InputError: a name cannot be right, such as a table without the column. Raised before the first item.
            MissingExtraError: an optional part is not installed that a name needs. Raised before the first item.
        """
        self.check()
        for name in self._plain_names():
            yield from guarded(name, self._open_name(name))

    def check(self) -> None:
        """Refuses what cannot be right.

        Raises:
            InputError, MissingExtraError: as iteration does.
        """
        for name in self._plain_names():
            if not name or "\0" in name:
                raise InputError("an empty name" if not name else f"{name!r}: a name with a NUL character")
            if is_address(name):
                filesystem(name)
            self._check_columns(name)

    @property
    def quick(self) -> bool:
        """Whether their number can be learned by going through them without reading the images themselves."""
        return not any(
            is_address(name)
            or (suffix_of(name) in SLOW_SUFFIXES)
            or (_is_folder(name) and (is_saved(name) or bool(list_parts(name, self.recursive))))
            for name in self._plain_names()
        )

    def _check_columns(self, name: str) -> None:
        if _is_folder(name):
            if is_saved(name):
                self._data_set(name).check()
            for part in list_parts(name, self.recursive)[:1]:
                self._table(part).check()
        elif suffix_of(name) in FORMATS and (is_address(name) or _is_file(name)):
            self._table(name).check()

    def _plain_names(self) -> Iterator[str]:
        for name in dict.fromkeys(self.names):
            yield from [name] if os.path.lexists(name) else expand_braces(name)

    def _open_name(self, name: str) -> Iterator[Item]:
        matched = False
        for found in self._matches(name):
            matched = True
            yield from [found] if isinstance(found, Item) else guarded(found, self._open(found))
        if not matched:
            yield path_item(name)

    def _matches(self, name: str) -> Iterable[str | Item]:
        if is_address(name):
            return remote_matches(name, self.recursive) if "*" in name else [name]
        if glob.has_magic(name) and not os.path.lexists(name):
            return list_matches(name, self.recursive)
        return [name]

    def _open(self, path: str) -> Iterator[Item]:
        if is_address(path):
            is_image = suffix_of(path) in image_suffixes()
            is_folder = not is_image and is_remote_folder(path)
            yield from self._open_files(list_remote(path, self.recursive) if is_folder else [path])
        elif not _is_folder(path):
            yield from self._open_files([path])
        else:
            yield from self._open_folder(str(Path(path)))

    def _open_folder(self, path: str) -> Iterator[Item]:
        if is_saved(path):
            yield from self._data_set(path).items()
        elif parts := list_parts(path, self.recursive):
            yield from self._open_files(parts)
        else:
            yield from list_folder(path, self.recursive)

    def _open_files(self, found: Iterable[str | Item]) -> Iterator[Item]:
        for path in found:
            if isinstance(path, Item):
                yield path
            elif (items := self._contents(path)) is not None:
                yield from guarded(path, items)
            else:
                yield path_item(path)

    def _contents(self, path: str) -> Iterator[Item] | None:
        """The items of a container; None if it is none."""
        suffix = suffix_of(path)
        if not is_address(path) and not _is_file(path):
            return None
        if suffix in FORMATS:
            return self._table(path).items()
        if suffix in LIST_SUFFIXES:
            return list_items(path, self.folder)
        if suffix == ".zip":
            return zip_items(path)
        return tar_items(path) if suffix in TAR_SUFFIXES else None

    def _table(self, path: str) -> Table:
        return Table(path, self.column, None if self.folder is None else os.fspath(self.folder))

    def _data_set(self, path: str) -> SavedDataSet:
        return SavedDataSet(path, self.column, None if self.folder is None else os.fspath(self.folder))


def _is_folder(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112  # pathlib raises where it may not look


def _is_file(path: str) -> bool:
    return os.path.isfile(path)  # noqa: PTH113
