import os
from datetime import datetime, timedelta

import numpy as np
import pytest
from PIL import Image

from musiq.choose.bursts import BURST_BITS, burst_pairs
from musiq.choose.groups import group_photos
from musiq.choose.hashes import hash_photos
from musiq.choose.photo import Photo
from tests.choose.pictures import COPIES, NAMES, scene


def found(photos, **options):
    """The names in each group of several, best first."""
    reported = []
    kept, hashes = hash_photos(photos, reported.append)
    groups = list(group_photos(kept, hashes, **options))
    assert reported == []
    return [[member.photo.path.rpartition("/")[2] for member in group] for group in groups if len(group) > 1], groups


def test_copies_are_together_and_other_pictures_are_not(tmp_path):
    photos = []
    for name in NAMES:
        image = scene(name)
        for copy, change in {"sharp": lambda image: image, **COPIES}.items():
            path = tmp_path / f"{copy}-{name}.png"
            change(image).save(path)
            photos.append(Photo(str(path), 90.0 if copy == "sharp" else 40.0 + len(photos) / 100))
    groups, _ = found(photos)
    assert sorted(group[0] for group in groups) == sorted(f"sharp-{name}.png" for name in NAMES)
    for group in groups:
        assert {name.partition("-")[2] for name in group} == {group[0].partition("-")[2]}
        assert len(group) == 1 + len(COPIES)


def test_photos_are_compared_as_they_are_seen(tmp_path):
    image, exif = scene("coffee.png"), Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    image.save(tmp_path / "upright.png")
    image.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    image.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "lying.png")
    groups, _ = found([Photo(str(tmp_path / name), 1) for name in ("lying.png", "turned.png", "upright.png")])
    assert groups == [["turned.png", "upright.png"]]


def test_distances_and_order(tmp_path):
    hashes = np.zeros((4, 64), bool)
    hashes[1, :4] = True
    hashes[2, :10] = True
    hashes[3, 30:] = True
    photos = [Photo("a", 1), Photo("b", 5), Photo("c", 3), Photo("d", 9)]
    describe = lambda groups: [[(m.photo.path, m.distance_bits) for m in group] for group in groups]  # noqa: E731
    assert describe(group_photos(photos, hashes)) == [[("b", 0), ("c", 6), ("a", 4)], [("d", 0)]]
    assert describe(group_photos(photos, hashes, near_bits=4)) == [[("b", 0), ("a", 4)], [("c", 0)], [("d", 0)]]
    lower = describe(group_photos(photos, hashes, higher_is_better=False))
    assert lower == [[("a", 0), ("c", 10), ("b", 4)], [("d", 0)]]
    assert list(group_photos([], np.zeros((0, 64), bool))) == []


def test_several_paths_to_one_file_count_once(tmp_path):
    """Else the file itself could be listed as the worse of two."""
    (tmp_path / "photos").mkdir()
    scene("coffee.png").save(tmp_path / "photos" / "z.png")
    scene("coffee.png").save(tmp_path / "photos" / "copy.jpg")
    (tmp_path / "photos" / "a.png").symlink_to("z.png")
    (tmp_path / "again").symlink_to("photos")
    names = ("again/z.png", "photos/a.png", "photos/copy.jpg", "photos/z.png", "again/copy.jpg")
    _, (group,) = found([Photo(str(tmp_path / name), 7 if "a.png" in name else 5) for name in names])
    paths = [os.path.relpath(member.photo.path, tmp_path) for member in group]
    assert sorted(paths) == ["photos/copy.jpg", "photos/z.png"]


def test_what_cannot_be_read_is_named(tmp_path):
    scene("coffee.png").save(tmp_path / "good.png")
    (tmp_path / "text.jpg").write_text("no photo")
    (tmp_path / "all.tar").touch()
    names = [str(tmp_path / name) for name in ("text.jpg", "gone.jpg", "good.png", "all.tar!a.jpg")]
    reported = []
    photos, hashes = hash_photos([Photo(name, 1) for name in [*names, "s3://bucket/a.jpg"]], reported.append)
    assert [photo.path for photo in photos] == [names[2]]
    assert hashes.shape == (1, 64)
    for text, name, reason in zip(
        reported,
        [names[0], names[1], names[3], "s3://bucket/a.jpg"],
        ["not an image", "no such file", "inside another file", "an address"],
        strict=True,
    ):
        assert text.startswith(f"{name}: {reason}")


NOON = datetime(2024, 5, 1, 12)


@pytest.fixture
def shot(tmp_path):
    """Makes a photo with the time when it was taken."""

    def shot(name, seconds, image="coffee.png", fraction=""):
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = (NOON + timedelta(seconds=seconds)).strftime("%Y:%m:%d %H:%M:%S")
        exif.get_ifd(0x8769)[0x9291] = fraction
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        (scene(image) if isinstance(image, str) else image).save(path, exif=exif)
        return Photo(str(path), 1)

    return shot


def test_bursts_are_of_one_folder_quick_and_rather_alike(shot):
    photos = [
        shot("x/1.jpg", 0),
        shot("x/2.jpg", 1, fraction="9"),
        shot("x/3.jpg", 4),  # 2.1 s after the last
        shot("x/4.jpg", 5, "rocket.jpg"),
        shot("y/1.jpg", 1),
    ]
    _, hashes = hash_photos(photos, print)
    pairs = lambda seconds: list(zip(*(side.tolist() for side in burst_pairs(photos, hashes, seconds)), strict=True))  # noqa: E731
    assert pairs(2) == [(0, 1)]
    assert pairs(3) == [(0, 1), (1, 2)]
    assert pairs(0) == []


def test_a_burst_is_one_group_where_hashes_alone_are_none(shot):
    image = scene("coffee.png")
    moved = image.transform(image.size, Image.Transform.AFFINE, (1, 0, 10, 0, 1, 0))  # 10 px to the side
    photos = [shot("1.jpg", 0, image), shot("2.jpg", 1, moved)]
    _, hashes = hash_photos(photos, print)
    assert 4 < np.count_nonzero(hashes[0] != hashes[1]) <= BURST_BITS
    assert len(list(group_photos(photos, hashes, near_bits=4))) == 2
    assert len(list(group_photos(photos, hashes, near_bits=4, burst_s=1))) == 1


@pytest.mark.parametrize(("times", "groups"), [((0.0, 1.0), 1), ((0.0, 1.1), 2), ((None, 1.0), 2)])
def test_times_that_are_given_are_not_read(times, groups):
    hashes = np.zeros((2, 64), bool)
    hashes[1, :BURST_BITS] = True
    photos = [Photo("none/a.jpg", 1), Photo("none/b.jpg", 2)]
    assert len(list(group_photos(photos, hashes, burst_s=1, times=times))) == groups
