"""Lists of paths and addresses: one a line, or with NUL characters between them as `find -print0` writes them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from musiq.errors import InputError
from musiq.inputs.addresses import open_bytes, path_item
from musiq.inputs.item import Item, portable

LIST_SUFFIXES = (".lst",)  # not .txt: `photos/*` may name a README.txt
_CHUNK_BYTES = 1 << 16  # more than any path has, so that the first chunk holds a NUL if any does


def list_items(path: Path | str, folder: Path | None = None) -> Iterator[Item]:
    """An item for each path of a list, whatever the list is called; only empty lines are left out.

    Args:
        path: of the list, or its address.
        folder: that the paths are relative to; None for the working directory.

    Raises:
        InputError: it is no list of paths in UTF-8.
        OSError: it cannot be read.
    """
    name = os.fspath(path)
    with open_bytes(name) as file:
        for raw in _split(file, name):
            entry = os.fsdecode(raw)
            yield path_item(entry if folder is None or "://" in entry else os.path.join(folder, entry))  # noqa: PTH118


def _split(file: BinaryIO, name: str) -> Iterator[bytes]:
    chunk = file.read(_CHUNK_BYTES)
    if chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{portable(name)}: the list is in UTF-16; write it in UTF-8")
    end, also = (b"\0", b"") if b"\0" in chunk else (b"\n", b"\r")
    rest = b""
    chunk = chunk.removeprefix(b"\xef\xbb\xbf")
    while chunk:
        *entries, rest = (rest + chunk).split(end)
        yield from filter(None, (entry.removesuffix(also) for entry in entries))
        if len(rest) > _CHUNK_BYTES:
            raise InputError(f"{portable(name)}: a line of more than {_CHUNK_BYTES:,} bytes is no path")
        chunk = file.read(_CHUNK_BYTES)
    if rest.removesuffix(also):
        yield rest.removesuffix(also)
