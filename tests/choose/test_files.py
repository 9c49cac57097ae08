import pytest

from musiq.choose.files import file_of, folder_of
from musiq.errors import ImageError


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
