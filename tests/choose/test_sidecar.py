import os
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from musiq.choose.photo import Photo
from musiq.choose.sidecar import packet, stars_of, write_sidecar
from musiq.choose.standing import Ranked
from musiq.errors import OutputError

RDF, XMP = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}", "{http://ns.adobe.com/xap/1.0/}"
PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"


@pytest.fixture
def photo(tmp_path):
    (tmp_path / "IMG_1.jpg").write_bytes(b"a photo")
    return str(tmp_path / "IMG_1.jpg")


def facts(path: Path) -> dict[str, str]:
    """The properties in a sidecar."""
    root = ET.fromstring(path.read_bytes())
    assert root.tag == "{adobe:ns:meta/}xmpmeta"
    ((description,),) = root
    assert description.tag == f"{RDF}Description"
    return description.attrib


@pytest.mark.parametrize(("convention", "name"), [("adobe", "IMG_1.xmp"), ("darktable", "IMG_1.jpg.xmp")])
def test_a_sidecar_is_written_kept_and_renewed(photo, convention, name, tmp_path, look):
    before = look(tmp_path)
    path = tmp_path / name
    assert write_sidecar(photo, 4, convention) == "written"
    assert facts(path) == {
        f"{RDF}about": "",
        f"{XMP}CreatorTool": "musiq",
        f"{XMP}Rating": "4",
        f"{PHOTOSHOP}SidecarForExtension": "jpg",
    }
    time = path.stat().st_mtime_ns
    assert write_sidecar(photo, 4, convention) == "kept"
    assert path.stat().st_mtime_ns == time
    assert write_sidecar(photo, 2, convention) == "renewed"
    assert facts(path)[f"{XMP}Rating"] == "2"
    after = look(tmp_path)
    after.pop(name)
    assert after == before


def test_it_is_an_xmp_packet(photo):
    text = packet(photo, 5)
    assert text.startswith(b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>')
    assert text.rstrip().endswith(b'<?xpacket end="w"?>')


FOREIGN = {
    "another program's": b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>',
    "empty": b"",
    "binary": bytes(range(256)),
    "ours, with a keyword": packet("IMG_1.jpg", 3).replace(b'xmp:Rating="3"', b'xmp:Rating="3" xmp:Label="Red"'),
    "ours, rejected": packet("IMG_1.jpg", 3).replace(b'xmp:Rating="3"', b'xmp:Rating="-1"'),
    "ours, with more below": packet("IMG_1.jpg", 3) + b"\n",
    "ours, with much more below": packet("IMG_1.jpg", 3) + b" " * 10_000,
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_what_others_wrote_stays(photo, content, tmp_path, look):
    (tmp_path / "IMG_1.xmp").write_bytes(content)
    before = look(tmp_path)
    with pytest.raises(OutputError, match=r"IMG_1\.xmp: not written by musiq, left as it is"):
        write_sidecar(photo, 5, "adobe")
    assert look(tmp_path) == before


def test_links_and_folders_stay(photo, tmp_path, look):
    (tmp_path / "IMG_1.xmp").symlink_to(photo)
    (tmp_path / "IMG_1.jpg.xmp").mkdir()
    before = look(tmp_path)
    for convention in ("adobe", "darktable"):
        with pytest.raises(OutputError, match="not a file of its own"):
            write_sidecar(photo, 5, convention)
    assert look(tmp_path) == before


def test_two_photos_of_one_stem_share_no_sidecar(photo, tmp_path, look):
    write_sidecar(photo, 4, "adobe")
    (tmp_path / "IMG_1.png").write_bytes(b"another photo")
    before = look(tmp_path)
    with pytest.raises(OutputError, match=r"IMG_1\.xmp: is the sidecar of the photo with suffix 'jpg'"):
        write_sidecar(str(tmp_path / "IMG_1.png"), 1, "adobe")
    assert look(tmp_path) == before
    assert write_sidecar(str(tmp_path / "IMG_1.png"), 1, "darktable") == "written"


@pytest.mark.parametrize("left", [b"", packet("IMG_1.jpg", 3)[:70]])
def test_what_a_kill_left_is_no_obstacle(photo, left, tmp_path):
    (tmp_path / "IMG_1.xmp.partial").write_bytes(left)
    assert write_sidecar(photo, 5, "adobe") == "written"
    assert {path.name for path in tmp_path.iterdir()} == {"IMG_1.jpg", "IMG_1.xmp"}


def test_something_else_in_the_way_stays(photo, tmp_path, look):
    (tmp_path / "IMG_1.xmp.partial").write_bytes(b"mine")
    before = look(tmp_path)
    with pytest.raises(OutputError, match="in the way of a sidecar"):
        write_sidecar(photo, 5, "adobe")
    assert look(tmp_path) == before


@pytest.mark.parametrize("suffix", ["", ".", '.a"<&>b', ".\u00fc", ".jpg\\", ".xmp"])
def test_odd_suffixes(suffix, tmp_path):
    path = tmp_path / f"odd{suffix}"
    path.write_bytes(b"photo")
    assert write_sidecar(str(path), 3, "darktable") == "written"
    assert write_sidecar(str(path), 4, "darktable") == "renewed"
    assert facts(tmp_path / f"odd{suffix}.xmp")[f"{XMP}Rating"] == "4"
    assert path.read_bytes() == b"photo"


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems have no such names")
def test_names_that_are_no_text(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xe9.\xe9")
    open(path, "wb").close()
    assert write_sidecar(path, 3, "adobe") == "written"
    assert {os.fsencode(path.name) for path in tmp_path.iterdir()} == {b"\xe9.\xe9", b"\xe9.xmp"}


def test_a_photo_may_be_named_like_a_sidecar(tmp_path):
    (tmp_path / "photo.xmp").write_bytes(b"a photo")
    with pytest.raises(OutputError, match="left as it is"):
        write_sidecar(str(tmp_path / "photo.xmp"), 3, "adobe")
    assert (tmp_path / "photo.xmp").read_bytes() == b"a photo"


def test_a_folder_that_cannot_be_written_is_named():
    with pytest.raises(OutputError, match=r"^/proc/self/status\.xmp: cannot be written: "):
        write_sidecar("/proc/self/status", 3, "darktable")


@pytest.mark.parametrize(
    ("band", "percentile", "stars"),
    [
        ("bad", 99, 1),
        ("poor", 99, 2),
        ("fair", 99, 3),
        ("good", 1, 4),
        ("excellent", 1, 5),
        (None, 0, 1),
        (None, 19.9, 1),
        (None, 20, 2),
        (None, 50, 3),
        (None, 79.9, 4),
        (None, 80, 5),
        (None, 100, 5),
        ("splendid", 50, 3),
    ],
)
def test_stars(band, percentile, stars):
    assert stars_of(Ranked(Photo("a", 1.0, band), 1, percentile)) == stars
