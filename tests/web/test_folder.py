import io
import os
import pickle
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from musiq.errors import ImageError, InputError
from musiq.inputs.expand import Inputs
from musiq.web.folder import MOST_HELD, Folder, check_name
from musiq.web.sources import Inside

LIMIT = 10**6


@pytest.fixture
def tree(tmp_path) -> Path:
    """A folder `served` with photos, and beside it a folder and a photo that are not served."""
    for name in (
        "served/a.jpg",
        "served/sub/b.png",
        "served/sub/deep/c.jpg",
        "served/notes.txt",
        "beside/x.jpg",
        "y.jpg",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path / "served"


def read(folder: Folder, *names: str, recursive: bool = True) -> dict[str, str]:
    """What is read by each name, or the kind of the error."""
    found = {}
    for item in folder.items(names, recursive):
        try:
            content = pickle.loads(pickle.dumps(item.source.fetch())).read(LIMIT).decode()  # as a decoder gets it
        except ImageError as error:
            content = f"tells {error}" if folder.root in str(error) else error.kind
        found[folder.name(item.name)] = content
    return found


@pytest.mark.parametrize("recursive", [True, False])
def test_a_folder_is_listed_as_runs_list_it(tree, recursive):
    expected = [item.name for item in Inputs((str(tree),), recursive)]
    assert [item.name for item in Folder(tree).items(["."], recursive)] == expected
    assert len(expected) == (3 if recursive else 1)


def test_names_are_relative_and_read_what_they_name(tree):
    folder = Folder(tree)
    assert read(folder, "sub", "a.jpg", "notes.txt", "none.jpg") == {
        "sub/b.png": "served/sub/b.png",
        "sub/deep/c.jpg": "served/sub/deep/c.jpg",
        "a.jpg": "served/a.jpg",
        "notes.txt": "served/notes.txt",
        "none.jpg": "missing",
    }
    assert read(folder, "sub", recursive=False).keys() == {"sub/b.png"}


def test_links_out_of_the_folder_are_not_followed(tree):
    (tree / "photo.jpg").symlink_to(tree.parent / "y.jpg")
    (tree / "far").symlink_to(tree.parent / "beside")
    (tree / "up").symlink_to("..")
    (tree / "circle").symlink_to(".")
    (tree / "near.jpg").symlink_to("sub/b.png")
    (tree / "near").symlink_to("sub/deep")
    assert read(Folder(tree), ".", "far/x.jpg", "up/y.jpg", "up") == {
        "a.jpg": "served/a.jpg",
        "circle": "link",
        "far": "link",
        "far/x.jpg": "link",
        "near.jpg": "served/sub/b.png",
        "near/c.jpg": "served/sub/deep/c.jpg",
        "photo.jpg": "link",
        "sub/b.png": "served/sub/b.png",
        "sub/deep/c.jpg": "served/sub/deep/c.jpg",
        "up": "link",
        "up/y.jpg": "link",
    }


def test_a_link_that_takes_the_place_of_a_file_is_noticed(tree):
    (item,) = Folder(tree).items(["a.jpg"], False)
    (tree / "a.jpg").unlink()
    (tree / "a.jpg").symlink_to(tree.parent / "y.jpg")
    assert item.source.stamp() is None
    with pytest.raises(ImageError, match="leads out of the served folder"):
        item.source.read(LIMIT)


def test_the_open_file_itself_is_asked(tree, monkeypatch):
    """Between the look at the path and its opening somebody puts a link there."""
    (tree / "a.jpg").unlink()
    (tree / "a.jpg").symlink_to(tree.parent / "y.jpg")
    real, looks = os.path.realpath, iter([str(tree / "a.jpg")])
    monkeypatch.setattr(os.path, "realpath", lambda path: next(looks, None) or real(path))
    with pytest.raises(ImageError, match="leads out of the served folder"):
        Inside(str(tree / "a.jpg"), str(tree)).read(LIMIT)


def test_what_is_no_file_is_not_waited_for(tree):
    os.mkfifo(tree / "pipe.jpg")
    (tree / "empty.jpg").touch()
    (tree / "dir.jpg").mkdir()
    found = read(Folder(tree), "pipe.jpg", "empty.jpg")
    assert found == {"pipe.jpg": "not-a-file", "empty.jpg": "empty"}
    with pytest.raises(ImageError, match="not a regular file"):
        Folder(tree).source("dir.jpg").read(LIMIT)
    with pytest.raises(ImageError, match="exceed the limit of 3"):
        Folder(tree).source("a.jpg").read(3)


def test_a_folder_beside_it_with_a_longer_name_lies_outside(tree):
    tree.rename(tree.with_name("serve"))
    (tree.parent / "served").mkdir()
    (tree.parent / "served" / "z.jpg").write_text("z")
    (tree.with_name("serve") / "z.jpg").symlink_to(tree.parent / "served" / "z.jpg")
    assert read(Folder(tree.with_name("serve")), "z.jpg") == {"z.jpg": "link"}


def test_a_name_that_is_no_text_can_be_opened(tree):
    Path(os.fsdecode(bytes(tree / "sub") + b"/caf\xe9.jpg")).write_text("coffee")
    assert read(Folder(tree), "sub")[r"sub/caf\xe9.jpg"] == "coffee"
    assert Folder(tree).source(r"sub/caf\xe9.jpg").read(LIMIT) == b"coffee"


def make_zip(path: Path, *members: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in members:
            archive.writestr(name, f"content of {name}")


def make_tar(path: Path, *members: str) -> None:
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        for name in members:
            facts = tarfile.TarInfo(name)
            facts.size = len(f"content of {name}")
            archive.addfile(facts, io.BytesIO(f"content of {name}".encode()))


@pytest.mark.parametrize(("make", "name"), [(make_zip, "b.zip"), (make_tar, "b.tar"), (make_tar, "b.tar.gz")])
def test_archives_are_read_where_they_are_named_and_write_nothing(tree, make, name):
    make(tree / "sub" / name, "in/m.jpg", "../../y.jpg", "/etc/p.jpg", "readme.txt")
    before = sorted(tree.parent.rglob("*"))
    assert read(Folder(tree), f"sub/{name}") == {
        f"sub/{name}!{member}": f"content of {member}" for member in ("in/m.jpg", "../../y.jpg", "/etc/p.jpg")
    }
    assert sorted(tree.parent.rglob("*")) == before
    assert f"sub/{name}!in/m.jpg" not in read(Folder(tree), ".")
    assert (tree.parent / "y.jpg").read_text() == "y.jpg"


def test_archives_outside_and_broken_ones(tree):
    make_zip(tree.parent / "out.zip", "m.jpg")
    (tree / "out.zip").symlink_to(tree.parent / "out.zip")
    (tree / "bad.zip").write_text("no archive")
    assert read(Folder(tree), "out.zip", "bad.zip") == {"out.zip": "link", "bad.zip": "input"}


def test_large_members_of_compressed_archives_are_not_unpacked(tree):
    with tarfile.open(tree / "bomb.tar.gz", "w:gz", compresslevel=1) as archive, open("/dev/zero", "rb") as zeros:
        facts = tarfile.TarInfo("zeros.jpg")
        facts.size = MOST_HELD + 1
        archive.addfile(facts, zeros)
    assert read(Folder(tree), "bomb.tar.gz") == {"bomb.tar.gz!zeros.jpg": "too-large"}


@pytest.mark.parametrize(
    "name", ["", "a\0b", "/etc/passwd", "..", "a/../b", "../a.jpg", "s3://b/a.jpg", "file:a", "FILE:///a"]
)
def test_names_that_could_lead_elsewhere_are_refused(name):
    with pytest.raises(InputError):
        check_name(name)


@pytest.mark.parametrize(
    ("name", "plain"),
    [("a.jpg", "a.jpg"), ("a//b/", "a/b"), ("./a", "a"), (".", "."), ("a..b/*.jpg", "a..b/*.jpg"), ("ä !", "ä !")],
)
def test_other_names_are_taken_as_they_are(name, plain):
    assert check_name(name) == plain


def test_lists_tables_and_patterns_are_files_like_others(tree):
    (tree / "all.lst").write_text("../y.jpg")
    (tree / "all.csv").write_text("path\n../y.jpg\n")
    found = read(Folder(tree), "all.lst", "all.csv", "*.jpg", "{a,b}.jpg")
    assert found == {"all.lst": "../y.jpg", "all.csv": "path\n../y.jpg\n", "*.jpg": "missing", "{a,b}.jpg": "missing"}


def test_the_folder_itself_is_not_told(tree):
    folder = Folder(tree)
    assert folder.name(str(tree)) == "."
    assert folder.hide(f"{tree}/sub/b.png: bad; {tree}: not listed") == "sub/b.png: bad; .: not listed"
    (item,) = Folder(tree / "sub" / "deep").items(["."], True)
    assert (Folder(Path("/")).name(item.name), Folder(Path("/")).hide("a/b")) == (item.name[1:], "a/b")


def test_decoders_import_little():
    code = "import sys; import musiq.web.sources; sys.exit('fastapi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_no_folder(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        Folder(tmp_path / "none")


@pytest.mark.parametrize(("make", "name"), [(make_zip, "b.zip"), (make_tar, "b.tar")])
@pytest.mark.parametrize(("inside", "reason"), [(False, "leads out of"), (True, "was replaced")])
def test_an_archive_that_takes_the_place_of_another_is_noticed(tree, make, name, inside, reason):
    make(tree / name, "m.jpg")
    make((tree if inside else tree.parent) / f"other-{name}", "m.jpg")
    (item,) = Folder(tree).items([name], False)
    (tree / name).unlink()
    (tree / name).symlink_to((tree if inside else tree.parent) / f"other-{name}")
    with pytest.raises(ImageError, match=reason):
        item.source.read(LIMIT)


@pytest.mark.parametrize("name", ["b.zip", "b.tar"])
def test_an_archive_outside_is_not_opened_where_its_path_is_swapped_in_time(tree, monkeypatch, name):
    (make_zip if name == "b.zip" else make_tar)(tree.parent / name, "m.jpg")
    (tree / name).symlink_to(tree.parent / name)
    real, at = os.path.realpath, str(tree / name)
    monkeypatch.setattr(os.path, "realpath", lambda path: path if path == at else real(path))  # as it was before
    assert read(Folder(tree), name) == {name: "link"}


@pytest.mark.parametrize("packed", ["gz", "bz2", "xz"])
def test_an_archive_is_left_between_its_photos(tree, packed):
    with tarfile.open(tree / f"b.tar.{packed}", f"w:{packed}") as archive, open("/dev/zero", "rb") as zeros:
        for name, size in (("film.mov", 10_000_000), ("m.jpg", 10)):
            facts = tarfile.TarInfo(name)
            facts.size = size
            archive.addfile(facts, zeros)
    asked = []
    assert list(Folder(tree).items([f"b.tar.{packed}"], True, lambda: asked.append(1) or len(asked) > 50)) == []
    assert len(asked) < 60


def test_names_that_are_no_text_in_a_folder_with_a_backslash(tree):
    root = tree.rename(tree.with_name("ser\\xe9d"))
    sub = os.fsdecode(bytes(root) + b"/caf\xe9\\x")
    (root / "sub").rename(sub)
    make_zip(Path(sub, "b.zip"), "m.jpg")
    (Path(sub) / "circle").symlink_to(".")
    folder, name = Folder(root), r"caf\xe9\\x"
    assert read(folder, ".", f"{name}/b.zip") == {
        "a.jpg": "served/a.jpg",
        f"{name}/b.png": "served/sub/b.png",
        f"{name}/circle": "link",
        f"{name}/deep/c.jpg": "served/sub/deep/c.jpg",
        f"{name}/b.zip!m.jpg": "content of m.jpg",
    }
    assert folder.source(f"{name}/b.png").read(LIMIT) == b"served/sub/b.png"
    assert folder.hide(f"{root}/a: {str(root)!r}") == "a: '.'"
