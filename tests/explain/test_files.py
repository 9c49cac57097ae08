import json
from pathlib import Path

import pytest

from musiq.errors import OutputError
from musiq.explain.files import choose_name, is_drawn, write_explanation
from musiq.inputs.item import File, Held, Item


def loose(path):
    return Item(str(path), File(str(path)))


def drawing(text):
    return lambda path: path.write_text(text)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_all_files_of_a_photo(tmp_path):
    drawn = {"-quality.jpg": drawing("q"), "-sensitivity.svg": drawing("s")}
    files = write_explanation(tmp_path, loose("a/cat.png"), {"score": 1}, drawn)
    assert [file.name for file in files] == ["cat.json", "cat-quality.jpg", "cat-sensitivity.svg"]
    assert names(tmp_path) == sorted(file.name for file in files)
    assert [file.read_text() for file in files[1:]] == ["q", "s"]
    assert json.loads(files[0].read_text())["score"] == 1


def test_photos_of_one_name_keep_apart_and_find_their_files_again(tmp_path):
    items = [loose("a/cat.png"), loose("b/cat.png"), loose("a/cat.jpg"), Item("z.tar!a/cat.png", Held(b""))]
    first = [write_explanation(tmp_path, item, {"n": n}, {}) for n, item in enumerate(items)]
    assert len({file for files in first for file in files}) == 4
    again = [write_explanation(tmp_path, item, {"n": n}, {}) for n, item in reversed(list(enumerate(items)))]
    assert again[::-1] == first
    assert [json.loads(file.read_text())["n"] for (file,) in first] == [0, 1, 2, 3]


def test_one_photo_by_two_paths_is_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert write_explanation(tmp_path, loose("cat.png"), {}, {}) == write_explanation(
        tmp_path, loose(tmp_path / "x" / ".." / "cat.png"), {}, {}
    )


@pytest.mark.parametrize("name", ["cat.json", "cat-quality.jpg", "cat-attention.jpg"])
def test_files_of_others_stay(tmp_path, name):
    (tmp_path / name).write_text('{"photo": "mine"}')
    (file,) = write_explanation(tmp_path, loose("cat.png"), {}, {})
    assert file.name.startswith("cat-")
    assert (tmp_path / name).read_text() == '{"photo": "mine"}'


def test_both_names_taken(tmp_path):
    (tmp_path / "cat.json").touch()
    (tmp_path / f"{choose_name(tmp_path, loose('cat.png'))}.json").write_text("[]")
    with pytest.raises(OutputError, match=r"is there already, and is not of cat\.png"):
        choose_name(tmp_path, loose("cat.png"))


def test_pictures_of_an_earlier_run_go(tmp_path):
    for drawn in ({"-attention.jpg": drawing("old"), "-quality.jpg": drawing("old")}, {"-quality.jpg": drawing("new")}):
        write_explanation(tmp_path, loose("cat.png"), {}, drawn)
    assert names(tmp_path) == ["cat-quality.jpg", "cat.json"]
    assert (tmp_path / "cat-quality.jpg").read_text() == "new"


def test_a_picture_is_whole_or_as_it_was(tmp_path):
    def fail(path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    write_explanation(tmp_path, loose("cat.png"), {}, {"-quality.jpg": drawing("whole")})
    with pytest.raises(OutputError, match="No space left"):
        write_explanation(tmp_path, loose("cat.png"), {}, {"-quality.jpg": fail})
    assert names(tmp_path) == ["cat-quality.jpg", "cat.json"]
    assert (tmp_path / "cat-quality.jpg").read_text() == "whole"


def test_no_such_folder(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_explanation(tmp_path / "none", loose("cat.png"), {}, {})


@pytest.mark.parametrize("letter", ["a", "ä"])
def test_long_names_are_cut(tmp_path, letter):
    item = loose(f"{letter * 300}.png")
    files = write_explanation(tmp_path, item, {}, {"-sensitivity.svg": drawing("s")})
    assert [file.name.partition("-")[0].partition(".")[0] for file in files] == [
        letter * (200 // len(letter.encode()))
    ] * 2
    assert write_explanation(tmp_path, item, {}, {"-sensitivity.svg": drawing("t")}) == files


def test_our_pictures_are_told_from_photos(tmp_path):
    write_explanation(tmp_path, loose(tmp_path / "cat.png"), {}, {"-quality.jpg": drawing("q")})
    (tmp_path / "dog-quality.jpg").touch()  # nobody explained a dog
    assert is_drawn(tmp_path, loose(tmp_path / "cat-quality.jpg"))
    for photo in ("cat.png", "dog-quality.jpg", "cat-quality.png"):
        assert not is_drawn(tmp_path, loose(tmp_path / photo))
    assert not is_drawn(tmp_path / "x", loose(tmp_path / "cat-quality.jpg"))
