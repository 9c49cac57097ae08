"""The images of a zip archive."""

import io
import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from musiq.errors import ImageError
from musiq.inputs.addresses import is_address
from musiq.inputs.faults import as_unreadable
from musiq.inputs.item import Item, Unreadable, check_bytes, checked
from musiq.inputs.members import Archive, Names, Streamed, is_photo, whole
from musiq.inputs.zip_directory import Entry, read_directory

_HEADER = struct.Struct("<4s22x2H")


@dataclass(frozen=True)
class ZipMember:
    """A member of a zip archive in a file. It is found by its place, so that no directory is read again."""

    archive: Archive
    entry: Entry

    def fetch(self) -> "ZipMember":
        return self

    def stamp(self) -> None:
        return None

    def read(self, limit: int) -> bytes:
        check_bytes(self.entry.size, limit)
        try:
            with self.archive.open() as file:
                return checked(read_member(file, self.entry), limit)
        except ImageError:
            raise
        except Exception as error:  # of the file, of the archive, of what unpacks it
            fault = as_unreadable(error)
            raise ImageError(f"its archive: {fault.reason}", fault.kind) from error


def zip_items(name: str, found: Archive | None = None) -> Iterator[Item]:
    """An item for each member with an image suffix; those of a remote archive are read in passing.

    Args:
        name: path or address, or what it is called that was found.
        found: how it is opened; None for by its name.

    Raises:
        Exception: of any kind, where the archive is damaged.
    """
    names, found = Names(name), found or Archive(name)
    with found.open() as directory, found.open() as file:  # two, so that both are read from end to end
        for entry in read_directory(directory):
            if not is_photo(entry.name):
                continue
            if entry.encrypted:
                yield Item(names(entry.name), Unreadable("encrypted; unpack the archive with its password", "input"))
            elif stat.S_ISLNK(entry.mode):
                yield Item(names(entry.name), Unreadable("symbolic link; links in archives are not followed", "link"))
            elif is_address(name):
                with Streamed(entry.size, partial(read_member, file, entry)).current() as source:
                    yield Item(names(entry.name), source)
            else:
                yield Item(names(entry.name), ZipMember(found.for_members(), entry))


def read_member(file: BinaryIO, entry: Entry) -> bytes:
    """The member's bytes, no more than its entry says.

    Raises:
        Exception: of any kind, where they are damaged.
    """
    file.seek(entry.offset)
    magic, name, extra = _HEADER.unpack(file.read(_HEADER.size))
    if magic != b"PK\3\4":
        raise zipfile.BadZipFile(f"no member at byte {entry.offset:,}, where the directory has {entry.name}")
    file.seek(name + extra, io.SEEK_CUR)
    facts = zipfile.ZipInfo(entry.name)
    facts.compress_type, facts.CRC = entry.method, entry.crc
    facts.compress_size, facts.file_size = entry.compressed, entry.size
    with zipfile.ZipExtFile(file, "r", facts) as member:
        return whole(member.read(entry.size + 1), entry.size)
