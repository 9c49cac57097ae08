from datetime import datetime

import pytest
from PIL import Image

from musiq.taken import time_taken

DOT = Image.new("RGB", (1, 1))


def shot(path, time, fraction=""):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = time
    exif.get_ifd(0x8769)[0x9291] = fraction
    DOT.save(path, exif=exif)
    return path


@pytest.mark.parametrize(("fraction", "seconds"), [("", 3), ("5", 3.5), ("05", 3.05), ("250", 3.25), ("x", 3)])
def test_the_time_is_that_of_the_camera(tmp_path, fraction, seconds):
    path = shot(tmp_path / "b.jpg", "2024:05:01 12:00:03", fraction)
    noon = datetime.fromisoformat("2024-05-01T12:00:00+00:00").timestamp()
    assert time_taken(str(path)) - noon == pytest.approx(seconds, abs=1e-6)
    assert time_taken(path.read_bytes()) == time_taken(str(path))


def test_a_photo_without_a_time(tmp_path):
    DOT.save(tmp_path / "a.png")
    (tmp_path / "b.jpg").write_text("no photo")
    shot(tmp_path / "c.jpg", "0000:00:00 00:00:00")
    assert [time_taken(str(tmp_path / name)) for name in ("a.png", "b.jpg", "c.jpg", "d.jpg")] == [None] * 4
