import os
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from musiq.data.record import Record
from musiq.errors import DataError
from musiq.reproduce import kept
from musiq.reproduce.kept import kept_features
from musiq.reproduce.statistics import SMALLEST_SIDE_PX


def colours(pixels):
    """Means of the channels: features that cost nothing and differ between images."""
    return pixels.mean(axis=(0, 1))


@pytest.fixture
def records(tmp_path):
    """24 images of noise, ever brighter."""
    rng, made = np.random.default_rng(0), []
    (tmp_path / "images").mkdir()
    for index in range(24):
        path = tmp_path / "images" / f"{index:02d}.png"
        Image.fromarray(rng.integers(0, 20 + 9 * index, (24, 30, 3), np.uint8)).save(path)
        made.append(Record(path, path.name))
    return made


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results" / "features"


@pytest.fixture
def counted(monkeypatch):
    """Names of the records whose pixels were asked for."""
    asked = []
    pixels = Record.pixels
    monkeypatch.setattr(Record, "pixels", lambda record: asked.append(record.name) or pixels(record))
    return asked


def test_a_row_for_each_image_in_order(records, counted):
    expected = [np.asarray(Image.open(record.image)).mean(axis=(0, 1)) for record in records]
    features = kept_features("colours-1", colours, records, None)
    assert features.dtype == np.float64
    assert np.array_equal(features, expected)
    assert sorted(counted) == [record.name for record in records]


def test_order_holds_where_earlier_images_take_longer(records):
    """The first image ends only when another has; with one thread it waits in vain, for half a second."""
    others = threading.Event()
    first = colours(records[0].pixels())

    def slow(pixels):
        if np.array_equal(colours(pixels), first):
            others.wait(0.5)
        else:
            others.set()
        return colours(pixels)

    assert np.array_equal(
        kept_features("slow-1", slow, records, None), kept_features("colours-1", colours, records, None)
    )


def test_kept_features_are_not_computed_again(records, folder, counted):
    first = kept_features("colours-1", colours, records[:20], folder)
    assert len(counted) == 20
    counted.clear()
    more = kept_features("colours-1", colours, records[::-1], folder)
    assert sorted(counted) == [record.name for record in records[20:]]
    assert np.array_equal(more[::-1][:20], first)
    counted.clear()
    assert np.array_equal(kept_features("colours-1", colours, records[::-1], folder), more)
    assert counted == []
    assert [path.name for path in folder.iterdir()] == ["colours-1.npz"]


def test_kinds_of_features_are_kept_apart(records, folder):
    colour = kept_features("colours-1", colours, records, folder)
    lightness = kept_features("lightness-1", lambda pixels: np.array([pixels.mean()]), records, folder)
    assert lightness.shape == (24, 1)
    assert lightness[:, 0] == pytest.approx(colour.mean(axis=1))
    assert sorted(path.name for path in folder.iterdir()) == ["colours-1.npz", "lightness-1.npz"]


def test_an_image_that_is_there_twice_is_computed_once(records, folder, counted):
    features = kept_features("colours-1", colours, [records[0], records[1], records[0]], folder)
    assert sorted(counted) == ["00.png", "01.png"]
    assert np.array_equal(features[0], features[2])
    assert not np.array_equal(features[0], features[1])


def test_a_changed_image_is_computed_again(records, folder, counted):
    kept_features("colours-1", colours, records, folder)
    os.utime(records[1].image, (time.time() + 9, time.time() + 9))
    smaller = replace(records[2], shorter_side_px=16)
    counted.clear()
    kept_features("colours-1", colours, [*records[:2], smaller, *records[3:]], folder)
    assert sorted(counted) == ["01.png", "02.png"]


def test_a_stopped_run_goes_on(records, folder, counted):
    broken = records[20].image
    content = broken.read_bytes()
    broken.write_bytes(content[:50])
    with pytest.raises(DataError, match="20.png"):
        kept_features("colours-1", colours, records, folder)
    broken.write_bytes(content)
    counted.clear()
    features = kept_features("colours-1", colours, records, folder)
    assert sorted(counted) == [record.name for record in records[20:]]
    assert np.array_equal(features, kept_features("colours-1", colours, records, None))


def test_features_are_saved_on_the_way(records, folder, monkeypatch):
    sizes = []
    monkeypatch.setattr(kept, "SAVE_EVERY_S", 0)
    monkeypatch.setattr(kept, "_write", lambda path, known: sizes.append(len(known)))
    kept_features("colours-1", colours, records[:3], folder)
    assert sizes == [1, 2, 3, 3]


def test_the_name_titles_the_progress(records, capsys, monkeypatch):
    monkeypatch.setattr("musiq.progress.LINE_EVERY_S", 0)
    kept_features("colours-1", colours, records[:2], None)
    assert [line.split(",")[0] for line in capsys.readouterr().err.splitlines()] == ["colours-1: 1/2", "colours-1: 2/2"]


@pytest.mark.parametrize("content", [b"", b"PK no archive", b"text"])
def test_a_damaged_file_is_named(records, folder, content):
    folder.mkdir(parents=True)
    (folder / "colours-1.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"colours-1\.npz.*delete the file"):
        kept_features("colours-1", colours, records, folder)
    assert (folder / "colours-1.npz").read_bytes() == content


def test_images_that_cannot_be_used_are_named(tmp_path):
    (tmp_path / "text.png").write_text("no image")
    Image.new("RGB", (40, SMALLEST_SIDE_PX - 1)).save(tmp_path / "small.png")
    for name, reason in (("text.png", "not an image"), ("none.png", "cannot be read"), ("small.png", "13 x 40 pixels")):
        with pytest.raises(DataError, match=rf"{name}: .*{reason}"):
            kept_features("colours-1", colours, [Record(tmp_path / name, name)], None)


def test_the_smallest_image_is_taken(tmp_path):
    Image.new("RGB", (SMALLEST_SIDE_PX, SMALLEST_SIDE_PX), (7, 8, 9)).save(tmp_path / "image.png")
    record = Record(tmp_path / "image.png", "image.png")
    assert kept_features("colours-1", colours, [record], None).tolist() == [[7, 8, 9]]
