import bz2
import gzip
import io
import lzma
import os
import pickle
import random
import subprocess
import tarfile

import pytest

from musiq.inputs import members
from tests.inputs.conftest import inputs, names, read

PHOTOS = {"b.jpg": b"B" * 700, "sub/a.PNG": b"A" * 300, "sub/\u00e9.jpg": b"e", "caf\udce9.jpg": b"c", "empty.jpg": b""}
UNZIPPED = {".tar": open, ".tar.gz": gzip.open, ".tgz": gzip.open, ".tar.bz2": bz2.open, ".tar.xz": lzma.open}


def add(archive, name, content=b"", **facts):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for key, value in facts.items():
        setattr(member, key, value)
    archive.addfile(member, io.BytesIO(content))


def write(path, photos=PHOTOS):
    """An archive as WebDataset writes it: photos and their labels in turn."""
    with tarfile.open(path, {".tar": "w", ".bz2": "w:bz2", ".xz": "w:xz"}.get(path.suffix, "w:gz")) as archive:
        add(archive, "sub", type=tarfile.DIRTYPE)
        for name, content in photos.items():
            add(archive, name, content)
            add(archive, f"{name}.json", b"{}")


def expected(archive, photos=PHOTOS):
    shown = {name: name.replace("\udce9", "\\xe9") for name in photos}
    return [(f"{archive}!{shown[name]}", content or "empty: empty file (0 bytes)") for name, content in photos.items()]


@pytest.mark.parametrize("suffix", [*UNZIPPED, ".TAR"])
def test_members_have_the_bytes_of_the_files(here, suffix):
    write(here / f"x{suffix}")
    found = inputs(f"x{suffix}")
    assert read(found) == expected(f"x{suffix}")
    assert names(found) == [name for name, _ in expected(f"x{suffix}")]


def test_a_suffix_may_be_wrong_about_the_compression(here):
    write(here / "x.tgz")
    (here / "x.tgz").rename("x.tar")
    write(here / "y.tar")
    (here / "y.tar").rename("y.tar.gz")
    assert read(inputs("x.tar", "y.tar.gz")) == expected("x.tar") + expected("y.tar.gz")


def test_shards(here):
    for index in range(3):
        write(here / f"s-{index:03}.tar", {f"{index}.jpg": b"x"})
    assert read(inputs("s-{000..003}.tar")) == [
        ("s-000.tar!0.jpg", b"x"),
        ("s-001.tar!1.jpg", b"x"),
        ("s-002.tar!2.jpg", b"x"),
        ("s-003.tar", "missing: no such file"),
    ]
    assert names(inputs("s-*.tar")) == ["s-000.tar!0.jpg", "s-001.tar!1.jpg", "s-002.tar!2.jpg"]
    assert names(inputs(".", recursive=True)) == []


@pytest.mark.parametrize("suffix", UNZIPPED)
@pytest.mark.parametrize("share", [0, 0.2, 0.5, 0.9])
def test_what_stands_before_the_cut_is_given_and_then_a_fault(here, suffix, share):
    rng = random.Random(0)
    photos = {f"{index}.jpg": rng.randbytes(900) for index in range(40)}
    write(here / f"x{suffix}", photos)
    content = (here / f"x{suffix}").read_bytes()
    (here / f"x{suffix}").write_bytes(content[: int(len(content) * share)])
    *results, (name, fault) = read(inputs(f"x{suffix}"))
    assert name == f"x{suffix}"
    assert fault.startswith("input: cannot be read to its end: ")
    whole = [result for result in results if isinstance(result[1], bytes)]
    assert whole == expected(f"x{suffix}", photos)[: len(whole)]
    assert len(results) - len(whole) <= 1  # the one that was cut
    assert len(whole) > 40 * share - 15 or suffix == ".tar.bz2"  # which is one block


@pytest.mark.parametrize("at", [0, 512, 1024])
def test_a_cut_between_two_members_is_a_fault(here, at):
    write(here / "x.tar", {"a.jpg": b"a"})
    (here / "x.tar").write_bytes((here / "x.tar").read_bytes()[: 512 + at])
    *_, (name, fault) = read(inputs("x.tar"))
    assert (name, fault[:6]) == ("x.tar", "input:")


def test_damaged_bits(here):
    write(here / "x.tar", {"a.jpg": b"a", "b.jpg": b"b"})
    write(here / "y.tgz", {"a.jpg": bytes(range(256)) * 3})
    for name, at in (("x.tar", 512 * 5), ("y.tgz", -8)):  # the header of b.jpg, and the checksum
        content = bytearray((here / name).read_bytes())
        content[at] ^= 0xFF
        (here / name).write_bytes(content)
    (first, (second, bad)), (third, (fourth, checksum)) = read(inputs("x.tar")), read(inputs("y.tgz"))
    assert (first, second) == (("x.tar!a.jpg", b"a"), "x.tar")
    assert "bad checksum" in bad
    assert (third, fourth) == (("y.tgz!a.jpg", bytes(range(256)) * 3), "y.tgz")
    assert "CRC" in checksum


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"\x1f\x8bno", b"x" * 2000])
def test_what_is_no_archive_is_one_item(here, content):
    (here / "x.tar").write_bytes(content)
    ((name, fault),) = read(inputs("x.tar"))
    assert (name, fault[:34]) == ("x.tar", "input: cannot be read to its end: ")


@pytest.mark.parametrize("suffix", [".tar", ".tgz"])
def test_names_that_stand_twice_get_names_of_their_own(here, suffix):
    mode = "w" if suffix == ".tar" else "w:gz"
    with tarfile.open(f"x{suffix}", mode) as archive:
        for name, content in (("a.jpg", b"1"), ("a.jpg#2", b"-"), ("b.jpg", b"b"), ("a.jpg", b"2"), ("a.jpg", b"3")):
            add(archive, name + ("" if name[-1] == "g" else ".jpg"), content)
    assert read(inputs(f"x{suffix}")) == [
        (f"x{suffix}!a.jpg", b"1"),
        (f"x{suffix}!a.jpg#2.jpg", b"-"),
        (f"x{suffix}!b.jpg", b"b"),
        (f"x{suffix}!a.jpg#2", b"2"),
        (f"x{suffix}!a.jpg#3", b"3"),
    ]


@pytest.mark.parametrize("suffix", [".tar", ".tgz"])
def test_links_are_named_and_other_things_left_out(here, suffix):
    with tarfile.open(f"x{suffix}", "w" if suffix == ".tar" else "w:gz") as archive:
        add(archive, "a.jpg", b"a")
        add(archive, "hard.jpg", type=tarfile.LNKTYPE, linkname="a.jpg")
        add(archive, "soft.jpg", type=tarfile.SYMTYPE, linkname="/etc/passwd")
        add(archive, "fifo.jpg", type=tarfile.FIFOTYPE)
    assert read(inputs(f"x{suffix}")) == [
        (f"x{suffix}!a.jpg", b"a"),
        (f"x{suffix}!hard.jpg", "link: hard link to a.jpg; links in archives are not followed"),
        (f"x{suffix}!soft.jpg", "link: symbolic link to /etc/passwd; links in archives are not followed"),
    ]


@pytest.mark.parametrize("layout", ["gnu", "pax"])
def test_sparse_files_are_whole(here, layout):
    with open("a.jpg", "wb") as file:
        os.truncate("a.jpg", 900)
        file.seek(900_000)
        file.write(b"end")
    subprocess.run(["tar", "-S", f"--format={layout}", "-cf", "x.tar", "a.jpg"], check=True)
    assert (here / "x.tar").stat().st_size < 100_000
    ((name, source),) = [(item.name, item.source.fetch()) for item in inputs("x.tar")]
    assert (name, source.read(1_000_000)) == ("x.tar!a.jpg", (here / "a.jpg").read_bytes())


def lying(**facts):
    """An archive of one header."""
    member = tarfile.TarInfo("a.jpg")
    for key, value in facts.items():
        setattr(member, key, value)
    return member.tobuf(tarfile.GNU_FORMAT) + bytes(2048)


def lying_in_its_attributes():
    member = tarfile.TarInfo("a.jpg")
    member.pax_headers = {"size": "-1024"}
    return member.tobuf(tarfile.PAX_FORMAT) + bytes(2048)


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (lying(size=-1024), "-1,024"),
        (lying_in_its_attributes(), "-1,024"),
        (lying(size=10**9, type=tarfile.GNUTYPE_LONGNAME), "1,000,000,000"),
        (lying(size=-1024, type=tarfile.XHDTYPE), "-1,024"),
    ],
)
def test_headers_that_lie_about_their_size_end_the_archive(here, content, size):
    (here / "x.tar").write_bytes(content)
    ((name, fault),) = read(inputs("x.tar"))
    assert name == "x.tar"
    assert f"a header for {size} bytes" in fault


def test_a_streamed_member_is_read_now_or_never(here):
    write(here / "x.tgz", {"a.jpg": b"a", "b.jpg": b"b"})
    items = iter(inputs("x.tgz"))
    first, second = next(items), next(items)
    assert second.source.fetch().read(10) == b"b"
    for source in (first.source, second.source):
        with pytest.raises(RuntimeError, match="too late, or twice"):
            source.fetch()


def test_a_member_that_is_too_large_is_not_read(here, monkeypatch):
    monkeypatch.setattr(members, "FETCH_BYTES", 5)
    write(here / "x.tgz", {"a.jpg": b"a" * 6, "b.jpg": b"b"})
    reason = "too-large: 6 bytes exceed the limit of 5 for members that are read in passing"
    assert read(inputs("x.tgz")) == [("x.tgz!a.jpg", reason), ("x.tgz!b.jpg", b"b")]


def test_limits_of_slices(here):
    write(here / "x.tar", {"a.jpg": b"a" * 2000})
    (item,) = inputs("x.tar")
    assert len(pickle.dumps(item)) < 400
    assert read([item]) == [("x.tar!a.jpg", "too-large: 2,000 bytes exceed the limit of 1,000")]
    (here / "x.tar").unlink()
    assert item.source.stamp() is None
    with pytest.raises(Exception, match="its archive cannot be read: No such file or directory"):
        item.source.read(5000)
