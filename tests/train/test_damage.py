import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.metrics import structural_similarity

from musiq.data.loader import TrainBatch
from musiq.data.record import Record
from musiq.data.sets import open_data
from musiq.distortions import LEVELS, distort
from musiq.errors import MissingExtraError, RecipeError
from musiq.sources import load_checkpoint
from musiq.train.augment import Augment, View
from musiq.train.damage import FIRST_KIND, KINDS, Damage, similarity
from musiq.train.distributed import join_world
from musiq.train.loop import RunOptions, Trainer

TASK = Damage()


@pytest.fixture
def image(photo):
    return Image.fromarray(photo)


@pytest.fixture
def record(image, tmp_path):
    image.save(tmp_path / "photo.png")
    return Record(tmp_path / "photo.png", "photo")


def test_copies_know_what_was_done_to_them(image, record):
    rng = np.random.default_rng(0)
    for _ in range(10):
        photo, *copies = Augment(degrade=1, chain=0.5)(image, 1, rng)
        assert (photo.kinds, photo.original) == ((), None)
        for copy in copies:
            assert copy.original is photo.image
            assert 1 <= len(copy.kinds) <= 2
            target = TASK.target(record, copy)
            assert target[0] == np.float32(copy.depth)
            assert {KINDS[index] for index in np.flatnonzero(target[FIRST_KIND:])} == set(copy.kinds)


def test_similarity_is_scikit_images(image):
    copy = distort(image, "jpeg", 4, np.random.default_rng(0))
    luma = [np.asarray(one.convert("L")) for one in (image, copy)]
    assert similarity(View(copy, (0, 1), 0.5, ("jpeg",), image)) == pytest.approx(structural_similarity(*luma))
    assert similarity(View(image, (1, 1))) == 1


def test_similarity_names_the_extra(image, monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage.metrics", None)
    with pytest.raises(MissingExtraError, match=r"musiq\[pretrain\]"):
        similarity(View(image, (0, 1), 0.5, ("jpeg",), image))


def test_the_loss_by_hand():
    """A photo and a copy 0.4 deeper that scores as high; the copy's similarity off by 0.3; all kinds thought even."""
    target = torch.zeros(2, TASK.outputs)
    target[:, 1], target[1, 0], target[1, FIRST_KIND] = torch.tensor([1.0, 0.7]), 0.4, 1
    logits = torch.zeros(2, TASK.outputs)
    logits[:, 1] = 1
    none, photo = torch.zeros(0), torch.zeros(2)
    batch = TrainBatch(none, none, none, none, target, photo, photo, torch.ones(2))
    kinds = 0.2 * len(KINDS) * np.log(2)
    assert TASK.loss(logits, batch).tolist() == pytest.approx([0.4 + kinds, 0.5 * 0.3 + kinds])


def test_validation_is_a_photo_and_its_levels(record, image):
    records = TASK.validation([record, replace(record, name="again")])
    assert [one.level for one in records] == [*range(LEVELS + 1)] * 2
    assert [one.distortion for one in records[:: LEVELS + 1]] == list(KINDS[:2])
    assert np.array_equal(records[0].pixels(), image)
    expected = distort(image, KINDS[1], 3, np.random.default_rng(0))
    assert np.array_equal(records[LEVELS + 1 + 3].pixels(), expected)


def test_figures_by_hand(record):
    records = TASK.validation([record] * 2)
    logits = np.zeros((len(records), TASK.outputs))
    logits[:, 0] = [5, 4, 3, 2, 1, 0, 5, 5, 6, 4, 3, 2]  # all fall; three of five do
    logits[1:4, FIRST_KIND] = 1  # three of the first kind's levels are known for what they are
    logits[4:, FIRST_KIND + 2] = 1
    assert TASK.measure(logits, records) == pytest.approx({"falls": 0.8, "kind": 0.3})


def test_a_run_learns_and_another_starts_from_it(toy, rated, tmp_path):
    (tmp_path / "photos").mkdir()
    for index in range(6):
        noise = np.random.default_rng(index).integers(0, 256, (6, 8, 3), np.uint8)
        Image.fromarray(noise).resize((80, 60)).save(tmp_path / "photos" / f"{index}.png")
    recipe = replace(toy, task="damage", augment=Augment(degrade=1), epochs=1, images_per_step=3)
    options = RunOptions(workers=0)
    photos = open_data("photos", tmp_path / "photos")
    with join_world("cpu") as world:
        folder = Trainer(recipe, [photos], tmp_path / "first", world, options).fit()
    assert load_checkpoint(folder).model.outputs == TASK.outputs
    assert not (folder / "stem.onnx").exists()
    recipe, ratings = replace(toy, epochs=1, initial=str(folder)), open_data(str(rated / "rated.csv"), rated, (1, 5))
    with join_world("cpu") as world:
        folder = Trainer(recipe, [ratings], tmp_path / "second", world, options).fit()
    assert load_checkpoint(folder).model.outputs == 1


def test_damage_needs_copies(toy):
    with pytest.raises(RecipeError, match="task damage needs damaged copies"):
        replace(toy, task="damage")
