import math

import pytest
from PIL import Image

from musiq.data.sets import open_data
from musiq.errors import DataError


def test_everything_below_the_folder(tmp_path):
    (tmp_path / "b" / "c").mkdir(parents=True)
    for name in ("z.png", "b/c/y.jpg", "b/x.PNG"):
        Image.new("RGB", (8, 6)).save(tmp_path / name)
    (tmp_path / "b" / "notes.txt").write_text("no photo")
    data = open_data("photos", tmp_path)
    assert [record.name for record in data.records] == ["b/c/y.jpg", "b/x.PNG", "z.png"]
    assert all(math.isnan(record.mos) and record.split == "" for record in data.records)
    assert data.records[0].pixels().shape == (6, 8, 3)


def test_nothing_there_is_named(tmp_path):
    with pytest.raises(DataError, match="holds no image"):
        open_data("photos", tmp_path)
    with pytest.raises(DataError, match="nowhere: no such folder"):
        open_data("photos", tmp_path / "nowhere")
