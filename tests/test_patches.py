import itertools

import numpy as np
import pytest

from musiq.patches import (
    PatchConfig,
    collate,
    cut_band,
    cut_patches,
    hash_cells,
    hash_indexes,
    native_size,
    patch_sequence,
    patchify,
    pyramid_sizes,
    spread,
    token_counts,
)
from musiq.resize import shrink
from tests.conftest import REFERENCE


@pytest.mark.parametrize(
    "config",
    [
        PatchConfig(),
        PatchConfig((256, 384), patch_size=128, padding="mirror", longest_px=1024),
        PatchConfig((64,), native=False, aspect="square", patch_size=16, grid_size=3),
        PatchConfig((), grid_size=7, profile="pyiqa-bicubic"),
    ],
    ids=lambda config: config.id,
)
def test_an_id_tells_all_that_it_is_made_of(config):
    assert PatchConfig.from_id(config.id) == config
    assert PatchConfig.from_id(f"{config.id}/scale-1a2b3c4d/max5") == config


@pytest.mark.parametrize("text", ["", "None", "google-v1", "google-v1/native/p32/g10/blue", "x/native/p32/g10"])
def test_what_is_no_id_tells_nothing(text):
    assert PatchConfig.from_id(text) is None


@pytest.mark.parametrize("grid_size", [5, 10, 20])
def test_hash_indexes_equal_the_reference(grid_size):
    ours = np.concatenate([hash_indexes(count, grid_size) for count in range(1, 401)])
    np.testing.assert_array_equal(ours, np.load(REFERENCE / "hash.npz")[str(grid_size)])


def test_cells_by_hand():
    # 2 rows and 4 columns on a 4 x 4 grid: rows hash to 0 and 2, columns to 0..3.
    assert hash_cells(2, 4, 4).tolist() == [0, 1, 2, 3, 8, 9, 10, 11]


def test_layout_equals_the_reference(photo):
    reference = np.load(REFERENCE / "patches_chelsea.npz")
    valid = reference["valid"].astype(bool)
    batch = patchify(photo, PatchConfig())
    np.testing.assert_array_equal(batch.cell[0], reference["cell"][valid])
    np.testing.assert_array_equal(batch.scale[0], reference["scale"][valid])
    row_major = batch.pixels[0].transpose(0, 2, 3, 1).reshape(len(batch.pixels[0]), -1)
    np.testing.assert_allclose(row_major[:, :96], reference["first_pixels"][valid], atol=1e-5)
    np.testing.assert_allclose(row_major.sum(axis=1, dtype=np.float64), reference["sums"][valid], atol=2e-3)


def test_same_padding_puts_the_smaller_half_first():
    # 5 x 6 pixels in patches of 4: 3 rows are missing (1 above, 2 below) and 2 columns (1 left, 1 right).
    patches = cut_patches(np.ones((1, 5, 6), np.float32), 4)
    whole = patches.reshape(2, 2, 4, 4).transpose(0, 2, 1, 3).reshape(8, 8)
    expected = np.zeros((8, 8))
    expected[1:6, 1:7] = 1
    np.testing.assert_array_equal(whole, expected)


def test_mirrored_borders_by_hand():
    patches = cut_patches(np.arange(15, dtype=np.float32).reshape(1, 3, 5), 4, "mirror")
    whole = patches.reshape(1, 2, 4, 4).transpose(0, 2, 1, 3).reshape(4, 8)
    first = [0, 0, 1, 2, 3, 4, 4, 3]  # 1 column is missing at the left, 2 at the right; a row below
    expected = [[5 * row + column for column in first] for row in (0, 1, 2, 2)]
    np.testing.assert_array_equal(whole, expected)


@pytest.mark.parametrize("side", [64, 65, 90, 95])
def test_an_even_grey_image_has_no_border_when_mirrored(side):
    image = np.full((side, 70, 3), 200, np.uint8)
    mirrored, zeros = (patchify(image, PatchConfig(padding=padding)).pixels for padding in ("mirror", "zeros"))
    np.testing.assert_allclose(mirrored, 200 / 127.5 - 1, atol=1e-5)
    assert zeros.min() == 0


def test_the_longer_side_is_limited_by_hand():
    config = PatchConfig(longest_px=1024)
    assert native_size(3000, 4000, config) == (768, 1024)
    assert native_size(4000, 3000, config) == (1024, 768)
    assert native_size(1024, 20, config) == (1024, 20)
    assert native_size(1, 4000, config) == (1, 1024)
    assert native_size(3000, 4000, PatchConfig()) == (3000, 4000)
    assert token_counts(3000, 4000, config) == [7 * 6, 12 * 9, 32 * 24]
    assert config.id == "google-v1/224+384+native/p32/g10/within1024"


def test_a_larger_image_is_shrunk_first_without_aliases():
    stripes = np.zeros((500, 2000, 3), np.uint8)
    stripes[:, ::2] = 255  # an average of grey; the reference's resize would see black, white or a beat of both
    config = PatchConfig(longest_px=384)
    ours, theirs = patchify(stripes, config), patchify(shrink(stripes, (96, 384)), PatchConfig())
    for name in ("pixels", "cell", "scale"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    np.testing.assert_allclose(ours.pixels, 0, atol=0.1)
    assert np.abs(patchify(stripes, PatchConfig(longer_sides=(384,), native=False)).pixels).max() > 0.5


def test_an_image_within_the_limit_is_left_alone(photo):
    np.testing.assert_array_equal(
        patchify(photo, PatchConfig(longest_px=451)).pixels, patchify(photo, PatchConfig()).pixels
    )


def test_native_patches_are_cut_in_raster_order(photo):
    whole, cut = patchify(photo, PatchConfig()), patchify(photo, PatchConfig(), max_native=100)
    native = int((whole.scale == 2).sum())
    assert native == 10 * 15
    assert (cut.scale == 2).sum() == 100
    kept = whole.valid.shape[1] - (native - 100)
    np.testing.assert_array_equal(cut.pixels, whole.pixels[:, :kept])


@pytest.mark.parametrize("padding", ["zeros", "mirror"])
@pytest.mark.parametrize("size", [(64, 96), (70, 96), (64, 101), (97, 33), (1, 1), (3, 200), (31, 95)])
def test_bands_are_rows_of_the_padded_image(size, padding):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    whole = cut_patches(image.transpose(2, 0, 1).astype(np.float32) / np.float32(127.5) - 1, 32, padding)
    rows, columns = -(-size[0] // 32), -(-size[1] // 32)
    for first in range(rows):
        for last in range(first + 1, rows + 1):
            band = cut_band(image, 32, first, last, padding)
            np.testing.assert_array_equal(band, whole[first * columns : last * columns])


@pytest.mark.parametrize("tokens", [1, 7, 40, 1000])
def test_pieces_are_the_batch_in_runs(tokens, photo, monkeypatch):
    monkeypatch.setattr("musiq.patches.PIECE_PIXELS", tokens * 32 * 32)
    kept = np.array([0, 3, 14, 15, 16, 77, 149])
    for keep in (None, lambda rows, columns: kept):
        sequence = patch_sequence(photo, PatchConfig(), keep)
        pieces = list(sequence.pieces())
        assert max(map(len, pieces)) <= tokens
        np.testing.assert_array_equal(np.concatenate(pieces), sequence.batch().pixels[0])
    whole = patchify(photo, PatchConfig())
    chosen = np.concatenate([np.flatnonzero(whole.scale[0] < 2), np.flatnonzero(whole.scale[0] == 2)[kept]])
    np.testing.assert_array_equal(sequence.batch().pixels, whole.pixels[:, chosen])
    np.testing.assert_array_equal(sequence.cell, whole.cell[0, chosen])
    np.testing.assert_array_equal(sequence.scale, whole.scale[0, chosen])


@pytest.mark.parametrize(
    ("config", "sizes"),
    [
        (PatchConfig(), [(149, 224), (255, 384), (300, 451)]),
        (PatchConfig(longer_sides=()), [(300, 451)]),
        (PatchConfig(longer_sides=(224, 384, 512), native=False), [(149, 224), (255, 384), (341, 512)]),
        (PatchConfig(aspect="square"), [(224, 224), (384, 384), (300, 451)]),
    ],
)
def test_variants_of_the_pyramid(config, sizes, photo):
    assert pyramid_sizes(300, 451, config) == sizes
    batch = patchify(photo, config)
    assert np.bincount(batch.scale[0]).tolist() == token_counts(300, 451, config)
    assert batch.cell.max() < config.grid_size**2


@pytest.mark.parametrize("patch_size", [16, 48, 64])
def test_other_patch_and_grid_sizes(patch_size, photo):
    batch = patchify(photo, PatchConfig(patch_size=patch_size, grid_size=7))
    assert batch.pixels.shape[2:] == (3, patch_size, patch_size)
    expected = hash_cells(-(-300 // patch_size), -(-451 // patch_size), 7)
    np.testing.assert_array_equal(batch.cell[0, batch.scale[0] == 2], expected)


@pytest.mark.parametrize("size", [(1, 1), (7, 640), (9, 12000)])
def test_extreme_sizes(size):
    batch = patchify(np.zeros((*size, 3), np.uint8), PatchConfig())
    assert batch.pixels.dtype == np.float32
    assert np.abs(batch.pixels).max() <= 1 + 1e-6
    assert batch.valid.all()


def test_collate_pads_at_the_end(photo):
    short, long = patchify(photo[:40, :40], PatchConfig()), patchify(photo, PatchConfig())
    batch = collate([short, long])
    assert batch.valid.sum(axis=1).tolist() == [short.valid.shape[1], long.valid.shape[1]]
    assert not batch.pixels[~batch.valid].any()
    for name in ("pixels", "cell", "scale", "valid"):
        np.testing.assert_array_equal(getattr(batch, name)[:1, : short.valid.shape[1]], getattr(short, name))


@pytest.mark.parametrize(
    "fields",
    [
        {"longer_sides": (), "native": False},
        {"longer_sides": (384, 224)},
        {"longer_sides": (0,)},
        {"patch_size": 30},
        {"grid_size": 0},
        {"padding": "reflect"},
        {"longest_px": 383},
        {"longer_sides": (), "longest_px": 0},
    ],
)
def test_nonsense_configurations_are_refused(fields):
    with pytest.raises(ValueError, match=r"pyramid|longer_sides|patch_size|grid_size|padding|longest_px"):
        PatchConfig(**fields)


def test_spread_by_hand():
    # 6 of 4 x 6: 2 rows and 3 columns, at the middles of halves and thirds; rows 1 and 3, columns 1, 3 and 5.
    assert spread(4, 6, 6).tolist() == [6 + 1, 6 + 3, 6 + 5, 18 + 1, 18 + 3, 18 + 5]
    assert spread(3, 3, 1).tolist() == [4]
    assert spread(1, 9, 3).tolist() == [1, 4, 7]
    assert spread(9, 1, 3).tolist() == [1, 4, 7]
    assert spread(1, 1, 5).tolist() == [0]


SIDES = (1, 2, 3, 5, 8, 13, 40, 375)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 64, 500])
def test_spread_keeps_close_to_its_limit_and_evenly(limit):
    for rows, columns in itertools.product(SIDES, SIDES):
        kept = spread(rows, columns, limit)
        assert kept.dtype == np.int64
        assert (np.diff(kept) > 0).all()
        assert kept[0] >= 0
        assert kept[-1] < rows * columns
        if rows * columns <= limit:
            assert len(kept) == rows * columns
            continue
        assert limit / 2 < len(kept) <= limit
        row, column = np.unique(kept // columns), np.unique(kept % columns)
        assert len(row) * len(column) == len(kept)
        for places, count in ((row, rows), (column, columns)):
            gaps = np.diff(places)
            assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1
            assert abs(places[0] - (count - 1 - places[-1])) <= 1  # as far from one end as from the other


def test_spread_patches_are_square_apart():
    rows, columns = 94, 125  # of a photo of 12 megapixels
    kept = spread(rows, columns, 1000)
    down, across = np.diff(np.unique(kept // columns)).mean(), np.diff(np.unique(kept % columns)).mean()
    assert down == pytest.approx(across, rel=0.1)
