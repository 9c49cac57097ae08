import numpy as np
import pytest
from PIL import Image

from musiq.data.duplicates import duplicate_groups, near_pairs, perceptual_hash, perceptual_hashes
from musiq.errors import DataError


def test_groups_are_chains_of_near_hashes():
    hashes = np.zeros((4, 64), bool)
    hashes[1, :8] = True  # 8 bits from the first
    hashes[2, :16] = True  # 16 from the first, 8 from the second
    hashes[3, 30:60] = True
    groups = duplicate_groups(hashes, distance=10)
    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_pairs_are_those_within_the_distance():
    hashes = np.zeros((3, 64), bool)
    hashes[1, :3] = True
    hashes[2, :7] = True
    ours, theirs = near_pairs(hashes, hashes[:1], distance=3)
    assert list(zip(ours.tolist(), theirs.tolist(), strict=True)) == [(0, 0), (1, 0)]


def test_recompression_hardly_moves_the_hash(tmp_path, photo):
    Image.fromarray(photo).save(tmp_path / "a.png")
    Image.fromarray(photo).resize((225, 150)).save(tmp_path / "b.jpg", quality=40)
    Image.fromarray(photo[::-1]).save(tmp_path / "c.png")
    a, b, c = perceptual_hashes([tmp_path / name for name in ("a.png", "b.jpg", "c.png")])
    assert (a != b).sum() <= 10 < (a != c).sum()


def test_a_broken_image_is_named(tmp_path):
    (tmp_path / "broken.jpg").write_text("no image")
    with pytest.raises(DataError, match=r"broken\.jpg: cannot be read"):
        perceptual_hash(tmp_path / "broken.jpg")
