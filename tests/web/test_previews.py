import io
import threading
import time

import numpy as np
import pytest
from PIL import Image

from musiq.decode.limits import Limits
from musiq.decode.worker import Preview
from musiq.errors import ImageError
from musiq.inputs.item import Held, Item
from musiq.web.previews import Previews, Wish


@pytest.fixture
def previews():
    made = Previews(Limits(memory=10**9))
    yield made
    made.close(1)


def encoded(width: int, height: int, format: str = "PNG", **options: object) -> Item:
    ramp = np.linspace(0, 255, width * height * 3).reshape(height, width, 3).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(ramp).save(file, format, **options)
    return Item("photo", Held(file.getvalue()))


@pytest.mark.parametrize(("size", "px", "expected"), [((400, 300), 200, (200, 150)), ((40, 30), 200, (40, 30))])
def test_a_picture_is_as_large_as_asked_for_and_looks_the_same(previews, size, px, expected):
    item = encoded(*size)
    made = previews.ask(Wish("a", px), item).result(10)
    picture = Image.open(io.BytesIO(made.jpeg))
    assert (picture.format, picture.size, (made.width, made.height)) == ("JPEG", expected, expected)
    direct = Image.open(io.BytesIO(item.source.content)).resize(expected, Image.Resampling.LANCZOS)
    assert np.abs(np.asarray(picture, float) - np.asarray(direct, float)).mean() < 3


def test_it_stands_upright(previews):
    exif = Image.Exif()
    exif[0x0112] = 6
    assert previews.ask(Wish("a", 160), encoded(400, 200, "JPEG", exif=exif)).result(10).height == 160


def test_what_cannot_be_read_says_why(previews):
    with pytest.raises(ImageError, match="^photo: not an image"):
        previews.ask(Wish("a", 160), Item("photo", Held(b"no image"))).result(10)


@pytest.fixture
def slow(previews, monkeypatch):
    """Previews whose pictures of 7 bytes are made when they are let go; `calls` says for which sizes."""
    previews.calls, previews.go = [], threading.Event()

    def make(item, longest_px):
        previews.calls.append(longest_px)
        assert previews.go.wait(5)
        return Preview(b"picture", 1, 1, None)

    monkeypatch.setattr(previews, "_make", make)
    yield previews
    previews.go.set()


ITEM = Item("photo", Held(b""))


def test_many_who_ask_get_one_picture(slow):
    asked = [slow.ask(Wish("a", 160), ITEM) for _ in range(9)]
    asked[0].cancel()
    slow.go.set()
    assert {one.result(5).jpeg for one in asked[1:]} == {b"picture"}
    slow.ask(Wish("a", 160), ITEM).result(5)  # kept
    assert slow.calls == [160]
    slow.ask(Wish("b", 160), ITEM).result(5)
    assert slow.calls == [160, 160]


def test_what_nobody_waits_for_any_more_is_not_made(slow):
    first = [slow.ask(Wish("a", px), ITEM) for px in (1, 2)]  # as many as are made at once
    while len(slow.calls) < 2:
        time.sleep(0.01)
    left = [slow.ask(Wish("b", 3), ITEM) for _ in range(2)]
    last = slow.ask(Wish("b", 4), ITEM)
    for one in left:
        one.cancel()
    again = slow.ask(Wish("b", 5), ITEM)
    slow.go.set()
    for one in (*first, last, again):
        one.result(5)
    assert sorted(slow.calls) == [1, 2, 4, 5]


def test_who_asks_again_after_all_had_left_gets_it(slow):
    first = [slow.ask(Wish("a", px), ITEM) for px in (1, 2)]
    while len(slow.calls) < 2:
        time.sleep(0.01)
    assert slow.ask(Wish("b", 3), ITEM).cancel()
    again = slow.ask(Wish("b", 3), ITEM)
    slow.go.set()
    assert again.result(5).jpeg == b"picture"
    for one in first:
        one.result(5)


def test_pictures_are_kept_by_bytes(slow, monkeypatch):
    slow.go.set()
    monkeypatch.setattr(slow._kept, "_limit", 7 * 16)
    for name in range(17):  # the first is dropped for the last
        slow.ask(Wish(name, 160), ITEM).result(5)
    slow.ask(Wish(16, 160), ITEM).result(5)
    assert len(slow.calls) == 17
    slow.ask(Wish(0, 160), ITEM).result(5)
    assert len(slow.calls) == 18


def test_an_error_is_told_to_all_and_not_kept(previews, monkeypatch):
    answers = iter([ImageError("bad"), Preview(b"good", 1, 1, None)])

    def make(item, longest_px):
        answer = next(answers)
        if isinstance(answer, ImageError):
            raise answer
        return answer

    monkeypatch.setattr(previews, "_make", make)
    with pytest.raises(ImageError):
        previews.ask(Wish("a", 1), ITEM).result(5)
    assert previews.ask(Wish("a", 1), ITEM).result(5).jpeg == b"good"


def test_tags_differ_by_photo_content_and_size():
    wishes = [Wish(("a", 1), 1), Wish(("a", 2), 1), Wish(("b", 1), 1), Wish(("a", 1), 2)]
    assert len({wish.tag for wish in wishes}) == 4
    assert wishes[0].tag == Wish(("a", 1), 1).tag
