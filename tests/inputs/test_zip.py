import io
import pickle
import struct
import subprocess
import zipfile

import pytest

from musiq.errors import ImageError
from musiq.inputs.zip_directory import read_directory
from tests.inputs.conftest import inputs, names, read

PHOTOS = {"b.jpg": b"B" * 700, "sub/a.PNG": b"A" * 300, "sub/\u00e9.jpg": b"e", "empty.jpg": b""}


def write(path, photos=PHOTOS, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.mkdir("sub")
        for name, content in photos.items():
            archive.writestr(name, content)
            archive.writestr(f"{name}.json", "{}")
        archive.writestr("__MACOSX/._b.jpg", "resource fork")


def expected(archive, photos=PHOTOS):
    return [(f"{archive}!{name}", content or "empty: empty file (0 bytes)") for name, content in photos.items()]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_have_the_bytes_of_the_files(here, method):
    write("x.zip", method=method)
    found = inputs("x.zip")
    assert read(found) == expected("x.zip")
    assert list(found) == list(found)
    assert max(len(pickle.dumps(item)) for item in found) < 600


def plain(path):
    write(path)


def with_comment(path):
    write(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"comment " * 100


def behind_a_program(path):
    write(path)
    content = path.read_bytes()
    path.write_bytes(b"#!/bin/sh\n" * 9)
    with open(path, "ab") as file:
        file.write(content)


def with_64_bit_numbers(path):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in PHOTOS.items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(content)
    grow_to_64_bits(path)


def grow_to_64_bits(path):
    """Gives an archive the records of one of more than 4 GB, as the format's note of application defines them."""
    content = path.read_bytes()
    end = content.rindex(b"PK\5\6")
    count, size, offset = struct.unpack_from("<10xHLL", content, end)
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    last = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(content[:end] + record + locator + last)


def from_a_pipe(path):
    """With the sizes behind the members."""
    pipe = io.BytesIO()
    pipe.seekable = lambda: False
    write(pipe)
    path.write_bytes(pipe.getvalue())


@pytest.mark.parametrize("make", [plain, with_comment, behind_a_program, with_64_bit_numbers, from_a_pipe])
def test_the_directory_is_what_zipfile_reads(here, make):
    make(here / "x.zip")
    with zipfile.ZipFile("x.zip") as archive, open("x.zip", "rb") as file:
        assert [
            (entry.name, entry.method, entry.crc, entry.compressed, entry.size, entry.offset)
            for entry in read_directory(file)
        ] == [
            (info.filename, info.compress_type, info.CRC, info.compress_size, info.file_size, info.header_offset)
            for info in archive.infolist()
        ]
    assert read(inputs("x.zip")) == expected("x.zip")


def test_numbers_of_more_than_32_bits(here):
    """A stored member whose size and place stand in an extra field, in that order."""
    name, extra = b"a.jpg", struct.pack("<2H2Q", 1, 16, 6_000_000_000, 7_000_000_000)
    fixed = struct.pack(
        "<4s4B4HL2L5H2L", b"PK\1\2", 0, 3, 45, 0, 0, 0, 0, 0, 9, 8, 0xFFFFFFFF, 5, len(extra), 0, 0, 0, 0, 0xFFFFFFFF
    )
    entry = fixed + name + extra
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(entry), 0, 0)
    (found,) = read_directory(io.BytesIO(entry + end))
    assert (found.compressed, found.size, found.offset) == (8, 6_000_000_000, 7_000_000_000)


def test_names_as_the_zip_command_writes_them(tree):
    tree("p/caf\u00e9.jpg", "p/a\nb.jpg", "p/\u5199\u771f.jpg")
    subprocess.run(["zip", "-qr", "x.zip", "p"], check=True)
    assert sorted(read(inputs("x.zip"))) == [
        (f"x.zip!{name}", name.encode()) for name in ("p/a\nb.jpg", "p/caf\u00e9.jpg", "p/\u5199\u771f.jpg")
    ]


def test_links_and_encrypted_members_say_so(tree, here):
    tree("a.jpg")
    (here / "b.jpg").symlink_to("a.jpg")
    subprocess.run(["zip", "-qy", "x.zip", "a.jpg", "b.jpg"], check=True)
    subprocess.run(["zip", "-q", "-P", "secret", "y.zip", "a.jpg"], check=True)
    assert read(inputs("x.zip", "y.zip")) == [
        ("x.zip!a.jpg", b"a.jpg"),
        ("x.zip!b.jpg", "link: symbolic link; links in archives are not followed"),
        ("y.zip!a.jpg", "input: encrypted; unpack the archive with its password"),
    ]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_stand_twice_get_names_of_their_own(here):
    with zipfile.ZipFile("x.zip", "w") as archive:
        for content in ("1", "2", "3"):
            archive.writestr("a.jpg", content)
    assert read(inputs("x.zip")) == [("x.zip!a.jpg", b"1"), ("x.zip!a.jpg#2", b"2"), ("x.zip!a.jpg#3", b"3")]


def test_a_bomb_is_not_unpacked(here):
    write("x.zip", {"a.jpg": bytes(5000)})
    (item,) = inputs("x.zip")
    with pytest.raises(ImageError, match="5,000 bytes exceed the limit of 1,000"):
        item.source.read(1000)
    content = (here / "x.zip").read_bytes()
    (here / "x.zip").write_bytes(content.replace(struct.pack("<L", 5000), struct.pack("<L", 900)))
    (item,) = inputs("x.zip")
    with pytest.raises(ImageError, match="Bad CRC-32"):  # not more than what it said
        item.source.read(1000)


def test_damage_to_a_member_is_its_own(here):
    write("x.zip", {"a.jpg": b"a" * 9, "b.jpg": b"b" * 9}, zipfile.ZIP_STORED)
    content = (here / "x.zip").read_bytes()
    (here / "x.zip").write_bytes(content.replace(b"a" * 9, b"a" * 8 + b"!"))
    (first, fault), second = read(inputs("x.zip"))
    assert (first, second) == ("x.zip!a.jpg", ("x.zip!b.jpg", b"b" * 9))
    assert fault.startswith("input: its archive: Bad CRC-32")


@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_an_archive_that_is_cut_off_is_one_item(here, share):
    write("x.zip")
    content = (here / "x.zip").read_bytes()
    (here / "x.zip").write_bytes(content[: int(len(content) * share)])
    ((name, fault),) = read(inputs("x.zip"))
    assert (name, fault[:53]) == ("x.zip", "input: cannot be read to its end: no zip archive, or ")


def test_entries_before_damage_to_the_directory_are_given(here):
    write("x.zip", {"a.jpg": b"a", "b.jpg": b"b"})
    content = bytearray((here / "x.zip").read_bytes())
    content[content.rindex(b"PK\1\2", 0, content.rindex(b"b.jpg.json"))] = 0
    (here / "x.zip").write_bytes(content)
    assert names(inputs("x.zip")) == ["x.zip!a.jpg", "x.zip!b.jpg", "x.zip"]


def test_an_archive_whose_beginning_is_missing_is_one_item(here):
    write("x.zip")
    (here / "x.zip").write_bytes((here / "x.zip").read_bytes()[-100:])
    ((name, fault),) = read(inputs("x.zip"))
    assert name == "x.zip"
    assert "its beginning is missing" in fault
