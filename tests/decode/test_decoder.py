import hashlib
import io
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from musiq.decode.limits import Limits
from musiq.decode.pool import Decoders
from musiq.errors import ImageError, MusiqError
from musiq.image import load_image
from musiq.inputs.item import File, Held, Item
from tests.conftest import REFERENCE
from tests.decode.hostile import Bad

LIMITS = Limits(seconds=0.5, memory=1_000_000_000, max_pixels=1_000_000, background=(1, 2, 3))


@pytest.fixture(scope="module")
def decoders():
    with Decoders(LIMITS) as pool:
        yield pool


@pytest.fixture
def decoder(decoders):
    with decoders.borrow() as one:
        yield one


def read(decoder, source, name="x.png", admit=lambda height, width: None):
    opened = decoder.open(Item(name, source))
    return opened, decoder.decode(admit)


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "png")
    return file.getvalue()


DOT = png(Image.new("RGB", (1, 1), (9, 8, 7)))
NOISE = png(Image.effect_noise((100, 100), 50))


def works(decoder) -> bool:
    """Whether the next good file is read as if nothing had happened."""
    return read(decoder, Held(DOT))[1].pixels.tolist() == [[[9, 8, 7]]]


@pytest.mark.parametrize("path", sorted((REFERENCE / "images").glob("*.png")), ids=lambda path: path.stem)
def test_pixels_and_hash_are_those_of_the_file(decoder, path):
    opened, image = read(decoder, File(str(path)))
    assert (opened.content, opened.bytes) == (
        hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest(),
        path.stat().st_size,
    )
    np.testing.assert_array_equal(image.pixels, np.array(Image.open(path).convert("RGB")))


def test_the_policy_is_that_of_load_image(decoder):
    clear = png(Image.new("RGBA", (2, 2), (0, 0, 0, 0)))
    _, image = read(decoder, Held(clear))
    assert image.pixels[0, 0].tolist() == [1, 2, 3]
    assert image.notes == load_image(clear, background=(1, 2, 3)).notes


def preview(decoder, image: Image.Image, longest_px, form="jpeg", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    decoder.open(Item("x", Held(file.getvalue())))
    found = decoder.preview(longest_px)
    shown = Image.open(io.BytesIO(found.jpeg))
    assert (shown.format, shown.mode, shown.size) == ("JPEG", "RGB", (found.width, found.height))
    return found, shown


def test_a_preview_is_the_photo_made_smaller(decoder, photo):
    large = Image.fromarray(photo).resize((1200, 800))
    found, shown = preview(decoder, large, 150, quality=95)
    assert (found.width, found.height, found.taken) == (150, 100, None)
    expected = np.asarray(large.resize((150, 100), Image.Resampling.LANCZOS), float)
    assert np.abs(np.asarray(shown, float) - expected).mean() < 5  # noise and JPEG; another picture is 50 off
    assert decoder.preview(30).width == 30  # it stays open


@pytest.mark.parametrize(
    ("image", "form", "options", "size"),
    [
        (Image.new("RGB", (40, 20)), "png", {}, (40, 20)),
        (Image.new("CMYK", (400, 200)), "jpeg", {}, (100, 50)),
        (Image.new("I;16", (400, 200)), "png", {}, (100, 50)),
        (Image.new("RGBA", (400, 2)), "png", {}, (100, 1)),
    ],
)
def test_previews_of_all_kinds(decoder, image, form, options, size):
    found, _ = preview(decoder, image, 100, form, **options)
    assert (found.width, found.height) == size


def test_a_preview_is_upright_and_knows_its_time(decoder):
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side
    exif.get_ifd(0x8769)[0x9003] = "1970:01:01 00:01:00"
    found, _ = preview(decoder, Image.new("RGB", (400, 200)), 100, exif=exif)
    assert (found.width, found.height, found.taken) == (50, 100, 60)


def test_a_preview_of_a_bad_file_is_an_error(decoder):
    decoder.open(Item("x.png", Held(png(Image.new("1", (1001, 1000))))))
    with pytest.raises(ImageError, match=r"x.png: .* exceed the limit"):
        decoder.preview(100)
    assert works(decoder)


@pytest.mark.parametrize(
    ("source", "kind", "reason"),
    [
        (Held(b""), "empty", "empty file (0 bytes)"),
        (Held(b"text"), "not-an-image", "not an image"),
        (Held(NOISE[:5000]), "damaged", "cut off or damaged"),
        (Held(png(Image.new("1", (1001, 1000)))), "too-large", "1,001,000 pixels exceed the limit of 1,000,000"),
        (File("/nowhere/a.png"), "missing", "no such file"),
        (File("/dev/zero"), "not-a-file", "not a regular file"),
        (Bad("raise"), "input", "RuntimeError: a library's bug"),
        (Bad("print"), "empty", "nothing here"),
        (Bad("eat"), "memory", "not enough memory"),
        (Bad("hang"), "timeout", "not decoded within 0.5 s"),
        (Bad("crash"), "crashed", "SIGSEGV"),
        (Bad("exit"), "crashed", "exit code 3"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_a_bad_file_is_an_error_and_the_next_file_is_read(decoder, source, kind, reason):
    with pytest.raises(ImageError) as caught:
        read(decoder, source)
    assert str(caught.value).startswith("x.png: ")
    assert reason in str(caught.value)
    assert caught.value.kind == kind
    assert works(decoder)


def test_a_file_of_more_bytes_than_the_limit_is_not_read(decoder, tmp_path):
    path = tmp_path / "huge.png"
    with open(path, "wb") as file:
        file.truncate(10**12)  # a hole of a terabyte
    with pytest.raises(ImageError, match=r"1,000,000,000,000 bytes exceed the limit of 500,000,000") as caught:
        read(decoder, File(str(path)))
    assert caught.value.kind == "too-large"


def test_a_jpeg_whose_scans_do_not_end_is_given_up(decoder, photo):
    """Progressive files may refine the same coefficients for ever: here 500 times."""
    file = io.BytesIO()
    Image.fromarray(photo).resize((1200, 800)).save(file, "jpeg", progressive=True, quality=95)
    data = file.getvalue()
    last_scan = data.rindex(b"\xff\xda")
    endless = data[:last_scan] + data[last_scan:-2] * 500 + b"\xff\xd9"
    with pytest.raises(ImageError) as caught:
        read(decoder, Held(endless))
    assert caught.value.kind == "timeout"
    assert works(decoder)


def test_who_asks_for_leave_may_be_refused(decoder):
    seen = []

    def refuse(height, width):
        seen.append((height, width))
        raise ImageError("no room", "memory")

    with pytest.raises(ImageError, match="x.png: no room") as caught:
        read(decoder, Held(png(Image.new("RGB", (5, 3)))), admit=refuse)
    assert (seen, caught.value.kind) == ([(3, 5)], "memory")
    assert works(decoder)


def test_waiting_for_leave_is_not_counted(decoder):
    assert read(decoder, Held(DOT), admit=lambda height, width: time.sleep(0.8))[1].pixels.shape == (1, 1, 3)


def test_a_process_that_died_while_idle_is_replaced(decoder):
    decoder.process.end()
    assert works(decoder)


@pytest.mark.skipif(sys.platform != "linux", reason="a file of Linux")
def test_where_memory_ends_it_ends_first(decoder):
    assert works(decoder)
    assert Path(f"/proc/{decoder.process._process.pid}/oom_score_adj").read_text() == "1000\n"


def test_threads_have_decoders_of_their_own():
    with Decoders(LIMITS) as pool, pool.borrow() as one, pool.borrow() as other:
        assert one is not other
        assert works(one)
        assert works(other)


def test_stop_ends_who_waits():
    with Decoders(Limits(seconds=100)) as pool, pool.borrow() as decoder:
        works(decoder)
        threading.Timer(0.2, pool.stop).start()
        started = time.monotonic()
        with pytest.raises(MusiqError, match="the run was stopped"):
            read(decoder, Bad("hang"))
        assert time.monotonic() - started < 10


ORPHAN = """
from musiq.decode.limits import Limits
from musiq.decode.pool import Decoders
from musiq.inputs.item import Item
from tests.decode.hostile import Bad
with Decoders(Limits(seconds=0.2)) as idle, Decoders(Limits(seconds={seconds})) as busy:
    with idle.borrow() as one, busy.borrow() as other:
        print(one.process._process.pid, other.process._process.pid, flush=True)
        other.open(Item("x.png", Bad("hang")))
"""


def test_no_process_outlives_a_killed_run():
    script = ORPHAN.format(seconds=1)
    run = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], text=True
    )
    assert run.stdout is not None
    children = list(map(int, run.stdout.readline().split()))
    time.sleep(0.5)
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    deadline = time.monotonic() + 30
    while any(_alive(child) for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not asked for its exit code does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
