import csv

import numpy as np
import pytest
from PIL import Image

from tools import make_biq2021_shapes as tool


@pytest.fixture
def square(tmp_path):
    """20 photos of 64 x 64 whose red is the column and whose green is the row."""
    rows, columns = np.mgrid[:64, :64].astype(np.uint8)
    for index in range(20):
        Image.fromarray(np.dstack([columns, rows, np.full_like(rows, index)])).save(tmp_path / f"{index}.png")
    with open(tmp_path / "biq.csv", "w", newline="") as file:
        csv.writer(file).writerows(
            [("image", "mos", "split"), *((f"{i}.png", i / 20, "train" if i < 14 else "test") for i in range(20))]
        )
    return tmp_path


def cut(monkeypatch, folder, out, *options):
    monkeypatch.setattr("sys.argv", ["tool", str(folder / "biq.csv"), str(folder), str(folder / out), *options])
    tool.main()
    with open(folder / out / "shapes.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_parts_of_full_width_or_full_height(square, monkeypatch):
    rows = cut(monkeypatch, square, "all")
    assert [row["split"] for row in rows] == ["train"] * 14 + ["test"] * 6
    places, shapes = set(), set()
    for row in rows:
        part = np.asarray(Image.open(square / "all" / row["image"]))
        height, width = part.shape[:2]
        assert 64 in (height, width)
        assert 0.49 < width / height < 2.04
        assert (part[..., 2] == int(row["image"].split(".")[0])).all()
        assert float(row["mos"]) == int(row["image"].split(".")[0]) / 20
        left, top = part[0, 0, 0], part[0, 0, 1]
        assert (part[-1, -1, :2] == (left + width - 1, top + height - 1)).all()
        places.add((left, top))
        shapes.add(width > height)
    assert shapes == {True, False}
    assert len(places) > 5


def test_fewer_photos_are_the_same_parts(square, monkeypatch):
    rows = cut(monkeypatch, square, "few", "--count", "3", "0", "2")
    assert [row["split"] for row in rows] == ["train"] * 3 + ["test"] * 2
    cut(monkeypatch, square, "all")
    for row in rows:
        assert (square / "few" / row["image"]).read_bytes() == (square / "all" / row["image"]).read_bytes()
