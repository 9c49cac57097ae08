import numpy as np
import pytest
from PIL import Image

from musiq.data import duplicates
from musiq.data.duplicates import (
    duplicate_groups,
    join_groups,
    near_pairs,
    perceptual_hash,
    perceptual_hashes,
    pixel_hash,
)
from musiq.errors import DataError


def test_groups_are_chains_of_near_hashes():
    hashes = np.zeros((4, 64), bool)
    hashes[1, :8] = True  # 8 bits from the first
    hashes[2, :16] = True  # 16 from the first, 8 from the second
    hashes[3, 30:60] = True
    groups = duplicate_groups(hashes, distance=10)
    assert groups[0] == groups[1] == groups[2] != groups[3]


@pytest.mark.parametrize("block", [1, 1000, 2**22])
@pytest.mark.parametrize("distance", [0, 3, 10])
def test_groups_are_those_found_one_by_one(monkeypatch, block, distance):
    """Numbered in the order in which they come, whatever is compared at once; some hashes are equal."""
    monkeypatch.setattr(duplicates, "BLOCK_PAIRS", block)
    rng = np.random.default_rng(1)
    hashes = rng.integers(0, 2, (12, 64)).astype(bool)[rng.integers(0, 12, 90)]
    hashes ^= rng.random(hashes.shape) < rng.choice([0, 0.05], (90, 1))
    expected = [-1] * 90
    for start in range(90):
        reached = [start] if expected[start] < 0 else []
        number = max(expected) + 1
        while reached:
            index = reached.pop()
            expected[index] = number
            near = [i for i in range(90) if expected[i] < 0 and (hashes[i] != hashes[index]).sum() <= distance]
            reached += near
    assert 12 < max(expected) + 1 < 90 or distance == 10
    assert duplicate_groups(hashes, distance).tolist() == expected


def test_no_hashes_are_in_no_group():
    assert duplicate_groups(np.zeros((0, 64), bool)).tolist() == []


def test_pairs_join_groups():
    groups = np.array([0, 1, 0, 2, 3, 1], np.int32)
    joined = join_groups(groups, np.array([3, 0]), np.array([5, 2]))
    assert joined.tolist() == [0, 1, 0, 1, 2, 1]


def test_pixels_have_the_hash_of_their_file(tmp_path, photo):
    Image.fromarray(photo).save(tmp_path / "a.png")
    assert pixel_hash(photo).tolist() == perceptual_hash(tmp_path / "a.png").tolist()


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
