import numpy as np

from tools.split_biq2021 import choose_groups, duplicate_groups, perceptual_hash


def test_groups_are_chains_of_near_hashes():
    hashes = np.zeros((4, 64), bool)
    hashes[1, :8] = True  # 8 bits from the first
    hashes[2, :16] = True  # 16 from the first, 8 from the second
    hashes[3, 30:60] = True
    groups = duplicate_groups(hashes, distance=10)
    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_groups_stay_whole():
    groups = np.array([0, 0, 0, 1, 2, 2, 3, 4])
    for seed in range(5):
        chosen = choose_groups(groups, 4, seed)
        held = np.isin(groups, list(chosen))
        assert held.sum() >= 4
        assert not set(groups[held]) & set(groups[~held])


def test_recompression_hardly_moves_the_hash(tmp_path, photo):
    from PIL import Image

    Image.fromarray(photo).save(tmp_path / "a.png")
    Image.fromarray(photo).resize((225, 150)).save(tmp_path / "b.jpg", quality=40)
    Image.fromarray(photo[::-1]).save(tmp_path / "c.png")
    a, b, c = (perceptual_hash(tmp_path / name) for name in ("a.png", "b.jpg", "c.png"))
    assert (a != b).sum() <= 10 < (a != c).sum()
