"""The directory of a zip archive, read entry by entry: `zipfile` holds all of them in memory, 600 bytes for each."""

import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s4B4HL2L5H2L")
_COMMENT_BYTES = (1 << 16) - 1  # at most
_ELSEWHERE = 0xFFFFFFFF  # for a number that does not fit in 32 bits; it stands among the extra fields
_EXTRA_64 = 1


@dataclass(frozen=True)
class Entry:
    """What the directory says of a member.

    Attributes:
        encrypted: whether it takes a password to read it.
        method: of compression, a constant of `zipfile`.
        crc: checksum of its bytes.
        compressed, size: in bytes, in the archive and unpacked.
        offset: of its header in the file.
        mode: as in `os.stat`; 0 where that is not known.
    """

    name: str
    encrypted: bool
    method: int
    crc: int
    compressed: int
    size: int
    offset: int
    mode: int


def read_directory(file: BinaryIO) -> Iterator[Entry]:
    """The entries, in order. Between two of them the file may be read elsewhere.

    Raises:
        BadZipFile: it is no zip archive, or is damaged from there on.
    """
    start, end, before = _find(file)
    while start < end:
        file.seek(start)
        fixed = _ENTRY.unpack(_read(file, _ENTRY.size))
        if fixed[0] != b"PK\1\2":
            raise zipfile.BadZipFile(f"the archive's directory is damaged at byte {start:,}")
        name, extra = _read(file, fixed[12]), _read(file, fixed[13])
        yield _parse(fixed, name, dict(_fields(extra)), before)
        start += _ENTRY.size + sum(fixed[12:15])


def _find(file: BinaryIO) -> tuple[int, int, int]:
    """Where the directory begins and ends, and how many bytes stand before the archive."""
    length = file.seek(0, 2)
    start = file.seek(max(0, length - _END.size - _COMMENT_BYTES))
    tail = file.read()
    found = tail.rfind(b"PK\5\6")
    if found < 0 or len(tail) - found < _END.size:
        raise zipfile.BadZipFile("no zip archive, or one that is cut off: there is no directory at its end")
    end, (size, offset) = start + found, _END.unpack_from(tail, found)[5:7]
    locator = end - _LOCATOR_64.size
    if locator >= _END_64.size:
        file.seek(locator - _END_64.size)
        fields = _END_64.unpack(_read(file, _END_64.size))
        if _read(file, _LOCATOR_64.size).startswith(b"PK\6\7") and fields[0] == b"PK\6\6":
            end, (size, offset) = locator - _END_64.size, fields[8:10]
    if size + offset > end:
        raise zipfile.BadZipFile("the archive's directory lies outside of it; its beginning is missing")
    return end - size, end, end - size - offset


def _read(file: BinaryIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise zipfile.BadZipFile("the archive's directory is cut off")
    return content


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Extra fields by their number."""
    while len(extra) >= 4:
        number, size = struct.unpack_from("<2H", extra)
        yield number, extra[4 : 4 + size]
        extra = extra[4 + size :]


def _parse(fixed: tuple[Any, ...], name: bytes, extra: dict[int, bytes], before: int) -> Entry:
    flags, method, crc = fixed[5], fixed[6], fixed[9]
    size, compressed, offset = _long([fixed[11], fixed[10], fixed[18]], extra.get(_EXTRA_64, b""))
    mode = fixed[17] >> 16
    return Entry(_name(name), bool(flags & 1), method, crc, compressed, size, offset + before, mode)


def _long(numbers: list[int], extra: bytes) -> list[int]:
    """The numbers, those from the extra field that do not fit."""
    longer = struct.iter_unpack("<Q", extra[: len(extra) // 8 * 8])
    try:
        return [next(longer)[0] if number == _ELSEWHERE else number for number in numbers]
    except StopIteration:
        raise zipfile.BadZipFile("the archive's directory lacks the size or the place of a member") from None


def _name(raw: bytes) -> str:
    """The name as text: many programs write UTF-8 and do not say so."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp437")
