import os
import subprocess
from pathlib import Path

import pytest

from musiq.inputs.lists import list_items
from tests.inputs.conftest import inputs, names, read


def test_lines_are_paths_as_they_are(tree):
    tree("a.jpg", " b .jpg", "#c.jpg", "p/notes.md")
    Path("x.lst").write_text("./a.jpg\n b .jpg\n\n#c.jpg\np/notes.md\n{1..2}.jpg")
    assert read(inputs("x.lst")) == [
        ("./a.jpg", b"a.jpg"),
        (" b .jpg", b" b .jpg"),
        ("#c.jpg", b"#c.jpg"),
        ("p/notes.md", b"p/notes.md"),
        ("{1..2}.jpg", "missing: no such file"),
    ]


def test_paths_are_relative_to_the_folder(tree, here):
    tree("p/a.jpg")
    Path("x.lst").write_text(f"a.jpg\n{here}/p/a.jpg\ns3://bucket/a.jpg\n")
    assert names(inputs("x.lst", folder=Path("p"))) == ["p/a.jpg", f"{here}/p/a.jpg", "s3://bucket/a.jpg"]


def test_what_find_prints_with_nul_characters(tree):
    tree("p/a\nb.jpg", "p/c.jpg", "p/d\r.jpg")
    Path("p", os.fsdecode(b"\xff.jpg")).write_text("x")
    listed = subprocess.run(["find", "p", "-type", "f", "-print0"], capture_output=True, check=True).stdout
    Path("spool").write_bytes(listed)
    assert sorted(read(list_items(Path("spool"), None))) == sorted(read(inputs("p")))


def test_lists_from_windows(here):
    expected = ["a.jpg", "b.jpg"]
    Path("x.lst").write_bytes(b"\xef\xbb\xbfa.jpg\r\n\r\nb.jpg\r\n")
    assert names(inputs("x.lst")) == expected
    Path("x.lst").write_text("a.jpg\r\n", "utf-16")
    assert read(inputs("x.lst")) == [("x.lst", "input: the list is in UTF-16; write it in UTF-8")]


@pytest.mark.parametrize("end", ["\n", "\0"])
def test_long_lists(here, end):
    paths = [f"{'folder/' * (index % 300)}{index}.jpg" for index in range(2000)]
    Path("x.lst").write_text(end.join(paths))
    assert names(inputs("x.lst")) == paths


def test_a_photo_that_is_called_a_list_is_one_item(here):
    Path("x.lst").write_bytes(b"\xff\xd8" + bytes([1]) * 200_000)
    assert read(inputs("x.lst")) == [("x.lst", "input: a line of more than 65,536 bytes is no path")]
