import imagehash
import numpy as np
import pytest
from PIL import Image, ImageFilter

from musiq.data.record import Record
from musiq.data.seen import NearPair, find_seen, read_seen, seen_list
from musiq.errors import DataError


@pytest.fixture
def pictures(tmp_path):
    """Records of smooth noise: three to train on; to test, a JPEG copy of the second and one that nobody has seen."""
    rng = np.random.default_rng(0)

    def save(name, pixels):
        Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(4)).save(tmp_path / name)
        return Record(tmp_path / name, name)

    noise = rng.integers(0, 256, (4, 120, 160, 3), np.uint8)
    train = [save(name, pixels) for name, pixels in zip(("a.png", 'b, "2".png', "c.png"), noise[:3], strict=True)]
    return train, [save("new.png", noise[3]), save("copy.jpg", noise[1])]


def test_the_list_is_names_and_hashes_as_imagehash_prints_them(pictures):
    train, _ = pictures
    lines = seen_list(train).decode().splitlines()
    with Image.open(train[0].image) as image:
        assert lines[:2] == ["image,hash", f"a.png,{imagehash.phash(image.convert('RGB'))}"]
    seen = read_seen(seen_list(train))
    assert seen.names == ("a.png", 'b, "2".png', "c.png")
    assert (seen.hashes.shape, seen.hashes.dtype) == ((3, 64), bool)


def test_copies_are_found_and_others_are_not(pictures):
    train, test = pictures
    (pair,) = find_seen(read_seen(seen_list(train)), test)
    assert (pair.test, pair.training) == ("copy.jpg", 'b, "2".png')
    assert pair.bits_apart <= 10


def test_the_nearest_training_image_is_named(pictures):
    train, test = pictures
    listed = seen_list(train).decode().splitlines()
    digits = listed[2][-16:]
    other = f"{int(digits, 16) ^ 0b111:016x}"
    text = f"image,hash\nthree off,{other}\nsame,{digits}\n".encode()
    (pair,) = find_seen(read_seen(text), [train[1]])
    assert pair == NearPair('b, "2".png', "same", 0)
    (pair,) = find_seen(read_seen(text.replace(b"same," + digits.encode() + b"\n", b"")), [train[1]])
    assert pair.bits_apart == 3
    assert find_seen(read_seen(text), test, distance=0) in ([], [NearPair("copy.jpg", "same", 0)])


def test_an_empty_list_has_seen_nothing(pictures):
    assert find_seen(read_seen(seen_list([])), pictures[1]) == []
    assert find_seen(read_seen(seen_list(pictures[0])), []) == []


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "training images"),
        (b"\xff", "training images"),
        (b"image,bits\n", "columns"),
        (b"image,hash\na\n", "row 2"),
        (b"image,hash\na,0123456789abcdef\nb,012345\n", "row 3"),
        (b"image,hash\na,0123456789abcdeg\n", "row 2.*16 hex digits"),
    ],
)
def test_faults_are_named(data, named):
    with pytest.raises(DataError, match=named):
        read_seen(data)


def test_an_unreadable_image_is_named(tmp_path):
    (tmp_path / "bad.png").write_text("no picture")
    with pytest.raises(DataError, match=r"bad\.png"):
        seen_list([Record(tmp_path / "bad.png", "bad.png")])
