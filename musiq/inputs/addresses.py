"""Paths, and addresses such as `s3://bucket/a.jpg`, which fsspec reads: how both are opened, and their items."""

import os
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from musiq.errors import ImageError, InputError, MissingExtraError
from musiq.inputs.faults import as_unreadable, describe
from musiq.inputs.item import File, Item, Unreadable, check_bytes, checked, portable

WEB = ("http://", "https://")


@dataclass(frozen=True)
class Remote:
    """What is at an address."""

    address: str

    def fetch(self) -> "Remote":
        return self

    def stamp(self) -> None:
        return None

    def read(self, limit: int) -> bytes:
        try:
            return self._read(limit)
        except FileNotFoundError as error:
            raise ImageError("no such file", "missing") from error
        except Exception as error:  # each file system has errors of its own
            fault = as_unreadable(error, self.address)
            raise ImageError(fault.reason, fault.kind) from error

    def _read(self, limit: int) -> bytes:
        with open_bytes(self.address) as file:
            size = getattr(file, "size", None)
            if isinstance(size, int):
                check_bytes(size, limit)
            return checked(file.read(limit + 1), limit)


def is_address(name: str) -> bool:
    """Whether it is an address and no path."""
    return "://" in name


def suffix_of(name: str) -> str:
    """The suffix in lower case, `.tar.gz` and the like as a whole; of an address on the web without its query."""
    path = PurePosixPath(urlsplit(name).path if name.startswith(WEB) else name)
    suffix = path.suffix.lower()
    packed = suffix in (".gz", ".bz2", ".xz") and path.stem.lower().endswith(".tar")
    return f".tar{suffix}" if packed else suffix


def open_bytes(name: str) -> BinaryIO:
    """The file at a path or an address, open for reading."""
    if not is_address(name):
        return open(name, "rb")
    system, path = filesystem(name)
    file: BinaryIO = system.open(path, "rb")
    return file


def filesystem(address: str, **options: Any) -> tuple[Any, str]:
    """The fsspec file system of an address, and the path in it.

    Raises:
        InputError: there is no such file system, or what it needs is not installed.
        MissingExtraError: without fsspec.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingExtraError(f"reading {address.partition('://')[0]}://", "remote") from error
    try:
        system, path = url_to_fs(address, **options)
    except (ImportError, ValueError) as error:
        raise InputError(f"{portable(address)}: {describe(error)}") from error
    return system, path


def path_item(path: str) -> Item:
    """The item of a path or an address; text that cannot be one is an item too."""
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return Item(path.encode(errors="backslashreplace").decode(), Unreadable("not a path", "missing"))
    if "\0" in path:
        return Item(portable(path.replace("\0", "\\0")), Unreadable("not a path: it holds a NUL character", "missing"))
    return Item(portable(path), Remote(path) if is_address(path) else File(path))
