"""Kept features: a run on them is the run on pixels, up to a rounding to 16 bits."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from musiq.config import ModelConfig, NimaConfig
from musiq.data.record import Record
from musiq.errors import DataError, RecipeError
from musiq.patches import PatchConfig, hash_cells
from musiq.train.augment import Augment
from musiq.train.features import StemFeatures
from musiq.train.loop import RunOptions
from musiq.train.networks import make_network
from musiq.train.recipe import Recipe
from musiq.train.validate import CutPhoto

MODEL = ModelConfig(width=24, depth=1, heads=2, mlp=32, stem_units=3, scales=2, grid_size=4)
RECIPE = Recipe(
    "frozen",
    model=MODEL,
    patches=PatchConfig((40,), grid_size=4),
    freeze_units=3,
    augment=Augment(flip=0.0),
    max_native=None,
)
NIMA = replace(
    RECIPE,
    model=NimaConfig("lite0", patch_size=64),
    patches=PatchConfig((64,), native=False, aspect="square", patch_size=64, grid_size=1),
    freeze_units=11,
)
CPU = torch.device("cpu")


@pytest.fixture
def record(tmp_path, photo):
    from PIL import Image

    Image.fromarray(photo[:90, :130]).save(tmp_path / "photo.png")
    return Record(tmp_path / "photo.png", "photo.png", 3.0)


@pytest.mark.parametrize("recipe", [RECIPE, NIMA], ids=["MUSIQ", "NIMA"])
def test_logits_from_features_are_those_from_pixels(record, tmp_path, recipe):
    torch.manual_seed(0)
    network = make_network(recipe.model, 1).eval()
    features = StemFeatures.of(tmp_path / "kept", recipe, network.stem)
    features.prepare([record], network.stem, CPU)
    kept, cut = features(record), CutPhoto(recipe.patches)(record)
    assert np.array_equal(kept.cell, cut.cell)
    assert np.array_equal(kept.scale, cut.scale)
    assert kept.pixels.shape[:2] == cut.pixels.shape[:2]
    with torch.no_grad():
        expected = network(*(torch.from_numpy(field) for field in (cut.pixels, cut.cell, cut.scale)))
        network.stem.kept = features.units
        logits = network(*(torch.from_numpy(field) for field in (kept.pixels, kept.cell, kept.scale)))
    torch.testing.assert_close(logits, expected, rtol=2e-3, atol=2e-3)


def test_a_pyramid_finds_the_scales_of_another(record, tmp_path, monkeypatch):
    network = make_network(MODEL, 1)
    StemFeatures.of(tmp_path, RECIPE, network.stem).prepare([record], network.stem, CPU)
    other = replace(RECIPE, model=replace(MODEL, scales=1, grid_size=7), patches=PatchConfig((), grid_size=7))
    features = StemFeatures.of(tmp_path, other, network.stem)
    monkeypatch.setattr(Record, "pixels", lambda record: pytest.fail("it is there already"))
    features.prepare([record], network.stem, CPU)
    assert np.array_equal(features(record).cell[0], hash_cells(3, 5, 7))


def test_other_weights_and_changed_photos_are_seen_anew(record, tmp_path, photo):
    from PIL import Image

    torch.manual_seed(0)
    first, second = make_network(MODEL, 1), make_network(MODEL, 1)
    one, other = (StemFeatures.of(tmp_path / "kept", RECIPE, network.stem) for network in (first, second))
    assert one.folder != other.folder
    one.prepare([record], first.stem, CPU)
    before = one(record).pixels
    Image.fromarray(photo[90:180, :130]).save(record.image)
    one.prepare([record], first.stem, CPU)
    assert not np.array_equal(before, one(record).pixels)


def test_the_projection_is_still_learned(make_trainer, tmp_path):
    changes = {"model": replace(MODEL, scales=1, grid_size=10), "freeze_units": 3, "augment": Augment(flip=0.0)}
    changes |= {"max_native": None}
    plain = make_trainer(tmp_path / "plain", epochs=1, ema=0.0, **changes)
    kept = make_trainer(
        tmp_path / "kept", epochs=1, ema=0.0, options=RunOptions(0, features=tmp_path / "features"), **changes
    )
    before = kept.state.learner.network.stem.project.weight.detach().clone()
    for trainer in (plain, kept):
        trainer.fit()
    assert not torch.equal(before, kept.state.learner.network.stem.project.weight)
    ours, theirs = (trainer.state.learner.network.head.bias.detach() for trainer in (kept, plain))
    torch.testing.assert_close(ours, theirs, rtol=0.02, atol=1e-3)
    assert (tmp_path / "features").exists()
    assert (tmp_path / "kept/training_images.csv").exists()


def test_what_cannot_be_kept_is_refused(tmp_path):
    stem = make_network(MODEL, 1).stem
    for change in (
        {"augment": Augment()},
        {"freeze_units": 0},
        {"max_native": 512},
        {"patches": replace(RECIPE.patches, longest_px=512)},
    ):
        with pytest.raises(
            RecipeError, match="'frozen': features can be kept of frozen stem units and unchanged photos"
        ):
            StemFeatures.of(tmp_path, replace(RECIPE, **change), stem)


def test_an_image_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "text.png").write_text("no image")
    network = make_network(MODEL, 1)
    features = StemFeatures.of(tmp_path, RECIPE, network.stem)
    with pytest.raises(DataError, match=r"text\.png"):
        features.prepare([Record(tmp_path / "text.png", "text.png", 1.0)], network.stem, CPU)


def test_a_damaged_file_is_named(record, tmp_path):
    network = make_network(MODEL, 1)
    features = StemFeatures.of(tmp_path, RECIPE, network.stem)
    features.prepare([record], network.stem, CPU)
    damaged = next(features.folder.glob("native/*.npy"))
    damaged.write_bytes(b"")
    with pytest.raises(DataError, match=rf"{damaged.name}: cannot be read: .* delete it, and it is made anew"):
        features(record)
