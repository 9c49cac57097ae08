"""What is at an address: folders of object stores, and what a pattern matches there."""

import re
from collections.abc import Iterator
from typing import Any

from musiq.errors import InputError
from musiq.inputs.addresses import WEB, filesystem
from musiq.inputs.faults import as_unreadable
from musiq.inputs.folder import is_image
from musiq.inputs.item import Item, Unreadable, portable


def is_remote_folder(address: str) -> bool:
    """Whether it is a folder; on the web those are addresses with a slash at their end, for nothing else tells."""
    if address.startswith(WEB):
        return address.endswith("/")
    system, path = filesystem(address)
    is_folder: bool = system.isdir(path)
    return is_folder


def remote_matches(pattern: str, recursive: bool) -> list[str]:
    """Addresses that match a pattern with `*`, sorted; `**` is any number of folders if `recursive`, and matches files
    alone. fsspec holds all of them in memory."""
    _refuse_chain(pattern)
    pattern = pattern if recursive else re.sub(r"\*{2,}", "*", pattern)
    system, path = filesystem(pattern, use_listings_cache=False)
    named, top = (text.partition("*")[0].rpartition("/")[0] for text in (pattern, path))
    found = system.glob(path, detail=True)
    chosen = (match for match, facts in found.items() if "**" not in pattern or facts["type"] == "file")
    return [named + match[len(top) :] for match in sorted(chosen)]


def _refuse_chain(address: str) -> None:
    """Of `zip://a.jpg::s3://bucket/a.zip` only single files have addresses that lead back to them."""
    if "::" in address:
        raise InputError(f"{portable(address)}: of chained addresses only single files can be read")


def list_remote(folder: str, recursive: bool) -> Iterator[str | Item]:
    """Addresses of a folder's images as in `list_folder`, or of its Parquet files if it has only those.

    Subfolders that cannot be listed are items. The names of a folder and of those above it are in memory.

    Raises:
        Exception: of any kind, if the folder cannot be listed.
    """
    _refuse_chain(folder)
    system, top = filesystem(folder, use_listings_cache=False)
    levels = [_list(system, top, recursive) or _list_parts(system, top)]
    while levels:
        if not levels[-1]:
            levels.pop()
            continue
        path, is_folder = levels[-1].pop()
        address = folder.rstrip("/") + path[len(top.rstrip("/")) :]
        if not is_folder:
            yield address
            continue
        try:
            levels.append(_list(system, path, recursive))
        except Exception as error:  # each file system has errors of its own
            fault = as_unreadable(error)
            yield Item(portable(address), Unreadable(f"folder cannot be listed: {fault.reason}", fault.kind))


def _list(system: Any, folder: str, recursive: bool) -> list[tuple[str, bool]]:
    """Paths of what is to be looked at, and whether they are folders; the first by name is the last."""
    entries = _entries(system, folder)
    return sorted(((path, deep) for path, deep in entries if (recursive if deep else is_image(path))), reverse=True)


def _list_parts(system: Any, folder: str) -> list[tuple[str, bool]]:
    entries = _entries(system, folder)
    return sorted(
        ((path, deep) for path, deep in entries if not deep and path.lower().endswith(".parquet")), reverse=True
    )


def _entries(system: Any, folder: str) -> Iterator[tuple[str, bool]]:
    for entry in system.ls(folder, detail=True):
        path = entry["name"].rstrip("/")
        if path.startswith(folder.rstrip("/") + "/"):  # not the folder itself, nor links to elsewhere
            yield path, entry["type"] == "directory"
