import os
import sys

import pytest

from musiq.choose.files import file_of, folder_of, real_path
from musiq.errors import ImageError
from musiq.inputs.item import portable


@pytest.mark.parametrize(
    "raw",
    [
        b"plain.jpg",
        "gr\u00fcn.jpg".encode(),
        b"a\\b.jpg",
        b"a\\xe9.jpg",
        b"\xe9.jpg",
        b"a\\b\\\\\xe9\xff.jpg",
        b"\xc3.jpg",
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="other file systems have no such names")
def test_the_path_comes_back_from_the_name(raw, tmp_path):
    path = os.fsencode(tmp_path) + b"/" + raw
    open(path, "wb").close()
    name = portable(os.fsdecode(path))
    name.encode()
    assert os.fsencode(real_path(name)) == path
    assert os.fsencode(file_of(name)) == path


@pytest.mark.parametrize("name", ["a.jpg", r"a\xe9.jpg", r"\xe9\b.jpg", r"\x41.jpg", r"\xc3\xa9.jpg", r"a\\xe9.jpg"])
def test_a_name_without_its_file_is_its_own_path_or_read_back(name, tmp_path):
    path = real_path(str(tmp_path / name))
    assert portable(path) == str(tmp_path / name)
    assert (path != str(tmp_path / name)) == (name == r"a\xe9.jpg")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no.jpg", "no such file"),
        ("s3://bucket/a.jpg", "an address"),
        ("photos.tar!a.jpg", "inside another file"),
        ("photos.tar!b/c!d.jpg", "inside another file"),
        ("gone.tar!a.jpg", "no such file"),
    ],
)
def test_why_there_is_no_file(name, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos.tar").touch()
    with pytest.raises(ImageError, match=reason) as raised:
        file_of(name)
    assert str(raised.value).startswith(f"{name}: ")


def test_a_file_may_have_an_exclamation_mark(tmp_path):
    (tmp_path / "wow.no!.jpg").touch()
    assert file_of(str(tmp_path / "wow.no!.jpg")) == str(tmp_path / "wow.no!.jpg")


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("a.jpg", ""),
        ("x/y/a.jpg", "x/y"),
        ("x/wow!.jpg", "x"),
        ("x/a.tar!b.jpg", "x/a.tar"),
        ("x/a.tar.gz!b.jpg", "x/a.tar.gz"),
        ("x/a.tar!y/b.jpg", "x/a.tar!y"),
        ("x/t.parquet!12", "x/t.parquet"),
        ("s3://bucket/y/a.jpg", "s3://bucket/y"),
    ],
)
def test_folders(name, folder):
    assert folder_of(name) == folder
