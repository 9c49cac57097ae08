import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms, features

from musiq.errors import ImageError
from musiq.image import load_image


@pytest.fixture
def small(photo):
    return np.ascontiguousarray(photo[100:140, 200:260])  # 40 x 60


def saved(path: Path, image: Image.Image, **options) -> Path:
    image.save(path, **options)
    return path


def test_every_kind_of_source_gives_the_same_pixels(tmp_path, small):
    path = saved(tmp_path / "a.png", Image.fromarray(small))
    data = path.read_bytes()
    sources = [str(path), path, data, bytearray(data), io.BytesIO(data), Image.open(path), small]
    sources += [torch.from_numpy(small).permute(2, 0, 1), torch.from_numpy(small).permute(2, 0, 1) / 255]
    sources += [small.astype(np.float32) / 255, small.astype(np.uint16) * 257]
    for source in sources:
        np.testing.assert_array_equal(load_image(source).pixels, small)


def test_grey_arrays(small):
    grey = small[:, :, 0]
    for source in (grey, grey[:, :, None], Image.fromarray(grey)):
        np.testing.assert_array_equal(load_image(source).pixels, np.stack([grey] * 3, axis=2))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, small, orientation):
    turns = {1: 0, 2: 0, 3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}  # quarter turns anticlockwise, after a mirroring
    mirrored = small[:, ::-1] if orientation in (2, 4, 5, 7) else small
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "a.png", Image.fromarray(small), exif=exif)
    decoded = load_image(path)
    np.testing.assert_array_equal(decoded.pixels, np.rot90(mirrored, turns[orientation]))
    assert bool(decoded.notes) == (orientation != 1)


def test_sixteen_bits_are_scaled_not_clipped(tmp_path):
    values = np.linspace(0, 65535, 256 * 4, dtype=np.uint16).reshape(32, 32)
    decoded = load_image(saved(tmp_path / "a.png", Image.fromarray(values)))
    np.testing.assert_array_equal(decoded.pixels[:, :, 0], np.rint(values / 257))
    assert decoded.notes == ("16 bits scaled to 8",)


def png_of_16_bits(samples: np.ndarray, colour_type: int) -> bytes:
    """A PNG written by hand, for Pillow writes no colour of 16 bits."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("channels", "colour_type"), [(3, 2), (4, 6)])
def test_sixteen_bits_of_colour(channels, colour_type):
    samples = np.random.default_rng(0).integers(0, 65536, (20, 30, channels))
    samples[:, :, 3:] = 65535
    decoded = load_image(png_of_16_bits(samples, colour_type))
    assert np.abs(decoded.pixels - samples[:, :, :3] / 257).max() <= 1
    assert decoded.notes[0] == "16 bits per channel reduced to 8"


def test_alpha_is_composited(tmp_path, small):
    alpha = np.full(small.shape[:2], 64, np.uint8)
    path = saved(tmp_path / "a.png", Image.fromarray(np.dstack([small, alpha])))
    for background in ((255, 255, 255), (0, 10, 20)):
        expected = small * (64 / 255) + np.array(background) * (191 / 255)
        pixels = load_image(path, background=background).pixels
        assert np.abs(pixels - expected).max() <= 1
    assert "alpha" in load_image(path).notes[0]


def test_transparent_palette(tmp_path):
    image = Image.new("P", (4, 4), 0)
    image.putpalette([10, 20, 30, 200, 100, 50])
    path = saved(tmp_path / "a.gif", image, transparency=0)
    assert load_image(path).pixels.reshape(-1, 3)[0].tolist() == [255, 255, 255]


def test_cmyk(tmp_path, small):
    path = saved(tmp_path / "a.jpg", Image.fromarray(small).convert("CMYK"), quality=100)
    decoded = load_image(path)
    assert np.abs(decoded.pixels.astype(int) - small).mean() < 3
    assert decoded.notes == ("CMYK converted to RGB",)


def linear_swapped_profile() -> bytes:
    """An ICC profile by hand: linear light, and the primaries of sRGB with red and blue exchanged."""

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))

    red, green, blue = xyz(0.4360, 0.2225, 0.0139), xyz(0.3851, 0.7169, 0.0971), xyz(0.1431, 0.0606, 0.7141)
    straight = b"curv\0\0\0\0\0\0\0\0"
    title = b"desc\0\0\0\0" + struct.pack(">I", 8) + b"swapped\0" + b"\0" * 78
    tags = {b"desc": title, b"cprt": b"text\0\0\0\0CC0\0", b"wtpt": xyz(0.9642, 1, 0.8249)}
    tags |= {b"rXYZ": blue, b"gXYZ": green, b"bXYZ": red, b"rTRC": straight, b"gTRC": straight, b"bTRC": straight}
    table, body, offset = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", offset + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    size = 128 + len(table) + len(body)
    header = struct.pack(">I4xI4s4s4s12x4s", size, 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp").ljust(68, b"\0")
    header += struct.pack(">3i", round(0.9642 * 65536), 65536, round(0.8249 * 65536))
    return header.ljust(128, b"\0") + table + body


def test_embedded_profile_is_converted(tmp_path, small):
    path = saved(tmp_path / "a.png", Image.fromarray(small), icc_profile=linear_swapped_profile())
    light = small[:, :, ::-1] / 255
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    decoded = load_image(path)
    assert np.abs(decoded.pixels - expected).max() <= 2
    assert decoded.notes == ("ICC profile 'swapped' converted to sRGB",)


def test_an_srgb_profile_changes_nothing(tmp_path, small):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    decoded = load_image(saved(tmp_path / "a.png", Image.fromarray(small), icc_profile=profile))
    np.testing.assert_array_equal(decoded.pixels, small)
    assert decoded.notes == ()


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")
def test_avif(tmp_path, small):
    decoded = load_image(saved(tmp_path / "a.avif", Image.fromarray(small), quality=95))
    assert np.abs(decoded.pixels.astype(int) - small).mean() < 5


def test_broken_profile_is_noted_and_ignored(tmp_path, small):
    decoded = load_image(saved(tmp_path / "a.png", Image.fromarray(small), icc_profile=b"nonsense"))
    np.testing.assert_array_equal(decoded.pixels, small)
    assert decoded.notes[0].startswith("ICC profile ignored")


def test_first_frame_of_an_animation(tmp_path):
    frames = [Image.new("RGB", (5, 5), colour) for colour in ((255, 0, 0), (0, 255, 0))]
    decoded = load_image(saved(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:]))
    assert decoded.pixels[0, 0].tolist() == [255, 0, 0]
    assert decoded.notes[0] == "first of several frames"


def test_truncated_jpeg(tmp_path, photo):
    path = saved(tmp_path / "cut.jpg", Image.fromarray(photo))
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(ImageError, match=r"cut\.jpg: the file is cut off or damaged$"):
        load_image(path)


def test_limit_is_checked_before_decoding(tmp_path, small):
    path = saved(tmp_path / "big.png", Image.fromarray(small))
    path.write_bytes(path.read_bytes()[:60])  # the size is in the header; the pixels are gone
    with pytest.raises(ImageError, match=r"big\.png: 60 x 40 = 2,400 pixels exceed the limit of 2,399"):
        load_image(path, max_pixels=2399)


def test_our_limit_holds_where_pillows_would_stop_earlier(tmp_path, small, monkeypatch):
    path = saved(tmp_path / "wide.png", Image.fromarray(small))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # Pillow stops at twice as many
    with pytest.raises(Image.DecompressionBombError):
        Image.open(path)
    assert load_image(path).pixels.shape == small.shape
    assert Image.MAX_IMAGE_PIXELS == 1000


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path / "absent.jpg", "no such file"),
        (lambda path: path, "not a regular file"),
        (lambda path: b"", r"empty \(0 bytes\)"),
        (lambda path: b"words, not pixels", "not an image"),
        (lambda path: 3, "cannot read an image from int"),
        (lambda path: np.zeros((4, 4, 2), np.uint8), r"shape \(4, 4, 2\)"),
        (lambda path: np.zeros((0, 4, 3), np.uint8), "empty image"),
        (lambda path: np.zeros((4, 4), np.int64), "dtype int64"),
        (lambda path: np.full((4, 4), 1.5), r"\[1.5, 1.5\]"),
        (lambda path: np.full((4, 4), np.nan), "nan"),
        (lambda path: torch.zeros(5, 4, 3), r"not \(C, H, W\)"),
    ],
)
def test_bad_input_names_the_reason(tmp_path, make, reason):
    with pytest.raises(ImageError, match=reason):
        load_image(make(tmp_path))
