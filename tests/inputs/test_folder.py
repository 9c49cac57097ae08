import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from musiq.inputs.folder import list_folder
from tests.inputs.conftest import inputs, names, read


def test_a_folder_gives_its_images_by_name(tree):
    tree("p/b.jpg", "p/a.PNG", "p/notes.md", "p/c.heic", "p/more/d.jpg", "p/shards.tar", "p/.jpg")
    Path("p/e.jpg").mkdir()
    assert read(inputs("p")) == [("p/a.PNG", b"p/a.PNG"), ("p/b.jpg", b"p/b.jpg"), ("p/c.heic", b"p/c.heic")]


def test_a_recursive_walk_sorts_files_and_folders_together(tree):
    tree("p/b.jpg", "p/a/z.jpg", "p/a/k/x.jpg", "p/c/y.jpg", "p/a.jpg", "p/d.jpg/w.jpg")
    expected = ["p/a/k/x.jpg", "p/a/z.jpg", "p/a.jpg", "p/b.jpg", "p/c/y.jpg", "p/d.jpg/w.jpg"]
    assert names(inputs("p", recursive=True)) == expected
    assert names(inputs("p/", recursive=True)) == expected
    os.chdir("p")
    assert names(inputs(".", recursive=True)) == [name.removeprefix("p/") for name in expected]


def test_links_are_followed_but_not_in_circles(tree):
    tree("p/a/x.jpg", "elsewhere/y.jpg")
    Path("p/a/up").symlink_to("../../p")
    Path("p/b").symlink_to("../elsewhere")
    Path("elsewhere/self").symlink_to(".")
    circle = "link: symbolic link to a folder above it"
    assert read(inputs("p", recursive=True)) == [
        ("p/a/up", circle),
        ("p/a/x.jpg", b"p/a/x.jpg"),
        ("p/b/self", circle),
        ("p/b/y.jpg", b"elsewhere/y.jpg"),
    ]


def test_what_is_no_file_says_so_when_it_is_read(here):
    os.mkfifo("fifo.jpg")
    Path("gone.jpg").symlink_to("nowhere")
    Path("self.jpg").symlink_to("self.jpg")
    Path("empty.jpg").touch()
    assert read(inputs(".", recursive=True)) == [
        ("empty.jpg", "empty: empty file (0 bytes)"),
        ("fifo.jpg", "not-a-file: not a regular file"),
        ("gone.jpg", "link: a link that leads nowhere"),
        ("self.jpg", "link: symbolic links that lead in a circle"),
    ]


@pytest.mark.parametrize("raw", [b"a\nb.jpg", b"\xe9t\xe9.jpg", "d\u00e9j\u00e0.jpg".encode(), b" .jpg", b"-.jpg"])
def test_any_name_can_be_read(here, raw):
    (here / os.fsdecode(raw)).write_bytes(b"x")
    ((name, content),) = read(inputs("."))
    assert (name, content) == (raw.decode(errors="backslashreplace"), b"x")


@contextmanager
def without_rights():
    """The superuser as somebody who may read only what everybody may."""
    is_root = os.geteuid() == 0
    try:
        if is_root:
            os.seteuid(65534)
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.fixture
def closed():
    """A folder with a photo, and a subfolder that nobody may list."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "closed.jpg").mkdir()
        (folder / "photo.jpg").write_text("x")
        (folder / "secret.jpg").write_text("x")
        for path in (folder / "closed.jpg", folder / "secret.jpg"):
            path.chmod(0)
        yield folder
        (folder / "closed.jpg").chmod(0o700)


def test_what_may_not_be_read_says_so(closed):
    with without_rights():
        results = read(inputs(str(closed), recursive=True))
        only = read(inputs(str(closed / "closed.jpg")))
        archive = read(inputs(str(closed / "secret.jpg")))
    refused = (f"{closed}/closed.jpg", "permission: folder cannot be listed: permission denied")
    secret = (f"{closed}/secret.jpg", "permission: permission denied")
    assert results == [refused, (f"{closed}/photo.jpg", b"x"), secret]
    assert (only, archive) == ([refused], [secret])


def test_folders_deeper_than_python_calls_functions(here):
    depth = 1050
    for _ in range(depth):
        Path("d").mkdir()
        os.chdir("d")
    Path("x.jpg").write_text("x")
    os.chdir(here)
    assert names(inputs("d", recursive=True)) == ["d/" * depth + "x.jpg"]
    Path("d/" * depth, "x.jpg").unlink()
    os.removedirs("d/" * depth)  # pytest cannot


def test_a_folder_that_goes_away_is_an_item(tree):
    tree("p/a.jpg", "p/b/c.jpg")
    items = list_folder("p", recursive=True)
    assert next(items).name == "p/a.jpg"
    Path("p/b/c.jpg").unlink()
    Path("p/b").rmdir()
    assert read(items) == [("p/b", "input: folder cannot be listed: No such file or directory")]


@pytest.mark.parametrize(("recursive", "found"), [(True, ["p/a/1.jpg"]), (False, [])])
def test_results_beside_subfolders_hide_no_photos(recursive, found, tree):
    """`musiq score p -r --output p/rows.parquet`, a second time."""
    tree("p/a/1.jpg", "p/rows.parquet/part-000000.parquet")
    assert names(inputs("p", recursive=recursive)) == found
