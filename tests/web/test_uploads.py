import errno
import io

import pytest

from musiq.web.guard.errors import Refusal
from musiq.web.spooled import Spooled, given_name, header_text
from musiq.web.uploads import Uploads, safe_name


def test_files_are_kept_within_bytes_and_count(tmp_path):
    uploads = Uploads(tmp_path, bytes=10, count=3)
    first = uploads.add(io.BytesIO(b"123456"), 6)
    with pytest.raises(Refusal) as refused:
        uploads.add(io.BytesIO(b"12345"), 5)
    assert (refused.value.status_code, refused.value.kind) == (507, "too-large")
    others = [uploads.add(io.BytesIO(b"1"), 1) for _ in range(2)]
    with pytest.raises(Refusal):
        uploads.add(io.BytesIO(b"1"), 1)
    assert (uploads.count, uploads.bytes, len(list(tmp_path.iterdir()))) == (3, 8, 3)
    assert uploads.source(first).read(10) == b"123456"
    assert uploads.source(first).stamp() is None
    for id in (first, *others, others[0]):
        uploads.remove(id)
    assert (uploads.count, uploads.bytes, list(tmp_path.iterdir())) == (0, 0, [])


def test_a_full_disk_is_no_room(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    uploads = Uploads(tmp_path, bytes=10, count=3)
    with pytest.raises(Refusal, match="No space left"):
        uploads.add(io.BytesIO(b"1"), 1)
    assert (uploads.bytes, list(tmp_path.iterdir())) == (0, [])


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("IMG 1.JPG", "IMG 1.JPG"),
        ("März 🌸.jpg", "März 🌸.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\a.jpg", "a.jpg"),
        ("a\x00\x1b[31m\n.jpg", "a\ufffd\ufffd[31m\ufffd.jpg"),
        ("..", "photo"),
        ("dir/", "photo"),
        (None, "photo"),
        ("caf\udce9.jpg", "udce9.jpg"),  # what stands for a byte is written with a backslash
        ("x" * 300 + ".jpg", "x" * 196 + ".jpg"),
    ],
)
def test_names_that_are_shown_and_put_into_archives(name, safe):
    assert safe_name(name) == safe


def test_names_of_rows_are_as_they_were_given():
    assert given_name("../a/ä.jpg") == "../a/ä.jpg"
    assert given_name("a\udce9").encode() == b"a\\udce9"
    assert given_name(None) == "photo"
    assert [header_text(value) for value in (None, "a", "MÃ¤rz", "März")] == [None, "a", "März", "März"]


def test_a_file_is_read_only_when_it_is_taken():
    file = io.BytesIO(b"12345")
    assert Spooled(file, 5).fetch().content == b"12345"
    assert Spooled(file, 4).fetch().kind == "too-large"
    assert Spooled(io.BytesIO(), 4).fetch().kind == "empty"
