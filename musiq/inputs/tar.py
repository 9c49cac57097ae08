"""The images of a tar archive, and of one for WebDataset: read in place where that is possible, else as a stream."""

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, Literal, Self

from musiq.errors import ImageError
from musiq.inputs.addresses import is_address
from musiq.inputs.faults import describe
from musiq.inputs.item import Item, Unreadable, check_bytes, checked, portable
from musiq.inputs.members import Archive, Names, Streamed, is_photo, whole

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_OPENERS: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
_NOTES = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)  # on the member that follows; tarfile reads them into memory
_NOTE_BYTES = 1_000_000  # at most
_LINKS = {tarfile.LNKTYPE: "hard link", tarfile.SYMTYPE: "symbolic link"}


@dataclass(frozen=True)
class Slice:
    """A part of an archive."""

    archive: Archive
    offset: int
    size: int

    def fetch(self) -> "Slice":
        return self

    def stamp(self) -> None:
        return None

    def read(self, limit: int) -> bytes:
        check_bytes(self.size, limit)
        try:
            with self.archive.open() as file:
                file.seek(self.offset)
                return checked(whole(file.read(self.size), self.size), limit)
        except OSError as error:
            raise ImageError(f"its archive cannot be read: {describe(error)}", "input") from error


def tar_items(name: str, found: Archive | None = None) -> Iterator[Item]:
    """An item for each member with an image suffix: of files, and of links, which are not followed.

    Members of a local archive that is not compressed are slices of it; all others are read in passing.

    Args:
        name: path or address, or what it is called that was found.
        found: how it is opened; None for by its name.

    Raises:
        Exception: of any kind, where the archive is damaged.
    """
    found = found or Archive(name)
    with found.open() as file:
        stream = io.BufferedReader(file)  # type: ignore[type-var]  # what fsspec opens can do what is needed
        start = stream.peek(6)
        opener = next((opener for magic, opener in _OPENERS.items() if start.startswith(magic)), None)
        if opener is not None:
            with opener(stream) as plain:
                yield from _items(name, found, found.unpacked(plain), "r|")
                plain.read(1 << 20)  # a checksum stands behind the zeros that pad the archive
        else:
            yield from _items(name, found, stream, "r|" if is_address(name) else "r:")


def _items(name: str, found: Archive, file: BinaryIO, mode: Literal["r:", "r|"]) -> Iterator[Item]:
    names = Names(name)
    with tarfile.open(name, mode, file, tarinfo=_Header) as archive:
        while (member := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # it would remember all of them
            if member.size < 0:  # it would go in circles
                raise tarfile.ReadError(f"a header for {member.size:,} bytes")
            if not is_photo(member.name):
                continue
            if member.isreg() and mode == "r:" and not member.issparse():
                yield Item(names(member.name), Slice(found.for_members(), member.offset_data, member.size))
            elif member.isreg():
                with Streamed(member.size, partial(_extract, archive, member)).current() as source:
                    yield Item(names(member.name), source)
            elif member.type in _LINKS:
                reason = f"{_LINKS[member.type]} to {portable(member.linkname)}; links in archives are not followed"
                yield Item(names(member.name), Unreadable(reason, "link"))


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None  # it is a file
    with file:
        return whole(file.read(), member.size)


class _Header(tarfile.TarInfo):
    """A header whose damage is an error; `tarfile` takes it for the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        if len(buf) == tarfile.BLOCKSIZE and not any(buf):
            return super().frombuf(buf, encoding, errors)  # which says that this is the end
        try:
            header = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"{error} (damaged or cut off)") from error
        if header.type in _NOTES and not 0 <= header.size <= _NOTE_BYTES:
            raise tarfile.ReadError(f"a header for {header.size:,} bytes of attributes")
        return header
