import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from musiq.data.csv import read_csv
from tests.conftest import REFERENCE
from tools.pack_images import divide

ROOT = Path(__file__).parents[2]


def pack(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "pack_images.py", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_parts_hold_every_image_of_the_splits_as_it_is(rated, tmp_path):
    result = pack(rated / "rated.csv", rated, tmp_path / "out", "--split", "train", "--part-mib", 1)
    assert result.returncode == 0, result.stderr
    parts = sorted((tmp_path / "out").glob("part-*.tar"))
    assert all(part.stat().st_size <= 2**20 for part in parts)
    (tmp_path / "images").mkdir()
    for part in parts:
        with tarfile.open(part) as tar:
            tar.extractall(tmp_path / "images", filter="data")
    packed = read_csv(tmp_path / "out" / "ratings.csv", tmp_path / "images")
    wanted = [record for record in read_csv(rated / "rated.csv", rated).records if record.split == "train"]
    assert [(r.name, r.mos, r.split) for r in packed.records] == [(r.name, r.mos, r.split) for r in wanted]
    for ours, theirs in zip(packed.records, wanted, strict=True):
        assert ours.image.read_bytes() == theirs.image.read_bytes()


def test_parts_are_as_full_as_they_can_be(tmp_path):
    """512 bytes of header and 1,024 of content each, 10,240 for the end: two fit 13,400 bytes, three do not."""
    paths = [tmp_path / str(index) for index in range(5)]
    for path in paths:
        path.write_bytes(bytes(1000))
    assert list(divide(paths, 13_400)) == [paths[:2], paths[2:4], paths[4:]]
    with pytest.raises(ValueError, match="do not fit a part of 11000"):
        list(divide(paths, 11_000))


def test_an_image_that_is_not_there_is_named(tmp_path):
    (tmp_path / "table.csv").write_text("image,mos\nnone.png,3\n")
    result = pack(tmp_path / "table.csv", REFERENCE, tmp_path / "out")
    assert result.returncode != 0
    assert "none.png" in result.stderr
