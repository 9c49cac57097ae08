import pytest

from musiq.choose.links import add_link, open_folder
from musiq.errors import OutputError


@pytest.fixture
def photos(tmp_path):
    """Two photos of one name, and one of another."""
    paths = [tmp_path / "x" / "IMG_1.jpg", tmp_path / "y" / "IMG_1.jpg", tmp_path / "y" / "IMG_2.jpg"]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_text(str(path))
    return [str(path) for path in paths]


def test_links_lead_to_the_photos_under_unique_names(photos, tmp_path):
    folder = open_folder(tmp_path / "deep" / "best")
    assert [add_link(folder, photo) for photo in photos] == ["written"] * 3
    assert sorted(path.read_text() for path in folder.iterdir()) == sorted(photos)
    assert {"IMG_1.jpg", "IMG_2.jpg"} < {path.name for path in folder.iterdir()}
    assert all(path.suffix == ".jpg" for path in folder.iterdir())


@pytest.mark.parametrize("order", [1, -1])
def test_a_second_run_keeps_them(photos, order, tmp_path, look):
    folder = open_folder(tmp_path / "best")
    for photo in photos:
        add_link(folder, photo)
    before = look(tmp_path)
    assert [add_link(open_folder(folder), photo) for photo in photos[::order]] == ["kept"] * 3
    assert look(tmp_path) == before


def test_relative_paths_and_folders(photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path / "x")
    add_link(open_folder(tmp_path / "best"), "../y/IMG_2.jpg")
    monkeypatch.chdir("/")
    assert (tmp_path / "best" / "IMG_2.jpg").read_text() == photos[2]


def test_a_photo_that_is_a_link_keeps_its_name(photos, tmp_path):
    (tmp_path / "z.jpg").symlink_to(photos[2])
    add_link(open_folder(tmp_path / "best"), str(tmp_path / "z.jpg"))
    assert (tmp_path / "best" / "z.jpg").read_text() == photos[2]


def test_nothing_that_is_there_is_replaced(photos, tmp_path, look):
    folder = open_folder(tmp_path / "best")
    (folder / "IMG_1.jpg").write_text("mine")
    (folder / "IMG_2.jpg").symlink_to("nowhere")
    before = look(folder)
    assert [add_link(folder, photo) for photo in photos] == ["written"] * 3
    assert before.items() < look(folder).items()
    links = [path for path in folder.iterdir() if path.name not in before]
    assert sorted(path.read_text() for path in links) == sorted(photos)


def test_two_foreign_files_in_the_way(photos, tmp_path, look):
    folder = open_folder(tmp_path / "best")
    (folder / "IMG_1.jpg").touch()
    add_link(folder, photos[0])
    (marked,) = [path for path in folder.iterdir() if path.is_symlink()]
    marked.unlink()
    marked.write_text("mine")
    before = look(folder)
    with pytest.raises(OutputError, match="taken by something else"):
        add_link(folder, photos[0])
    assert look(folder) == before


def test_a_folder_that_is_a_file_is_named(photos, tmp_path):
    with pytest.raises(OutputError, match=r"IMG_1\.jpg: no folder for links"):
        open_folder(tmp_path / "x" / "IMG_1.jpg")


def test_a_link_that_cannot_be_made_is_named(photos, tmp_path):
    with pytest.raises(OutputError, match="no link can be made"):
        add_link(tmp_path / "gone", photos[0])
