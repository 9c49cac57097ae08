import os
import sys

import pytest

from musiq.inputs.item import portable, real_path


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


@pytest.mark.parametrize("name", ["a.jpg", r"a\xe9.jpg", r"\xe9\b.jpg", r"\x41.jpg", r"\xc3\xa9.jpg", r"a\\xe9.jpg"])
def test_a_name_without_its_file_is_its_own_path_or_read_back(name, tmp_path):
    path = real_path(str(tmp_path / name))
    assert portable(path) == str(tmp_path / name)
    assert (path != str(tmp_path / name)) == (name == r"a\xe9.jpg")
