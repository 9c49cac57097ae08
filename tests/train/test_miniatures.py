"""Each published data set, from a miniature in its own format, to a checkpoint that is evaluated."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from musiq.data.sets import SETS, open_data
from musiq.data.split import assign_splits
from musiq.evaluate.predictions import evaluate_checkpoint
from musiq.scorer import Scorer
from musiq.sources import load_checkpoint
from musiq.train.distributed import join_world
from musiq.train.loop import RunOptions, Trainer
from musiq.train.recipe import load_recipe
from tests.conftest import REFERENCE
from tests.data.miniatures import MINIATURES

PAPER = {"ava": "ava", "imagenet": "imagenet", "koniq10k": "koniq10k", "paq2piq": "paq2piq", "spaq": "spaq"}


def shrunk(name, **changes):
    """The paper's recipe for the set with a small network and two steps."""
    recipe = load_recipe(PAPER.get(name.removesuffix("-512"), "koniq10k"))
    model = replace(recipe.model, width=24, depth=1, heads=2, mlp=32, stem=8, stem_groups=4)
    return replace(recipe, model=model, epochs=2, images_per_step=64, **changes)


def train(recipe, data, run):
    with join_world("cpu") as world:
        return Trainer(recipe, [data], run, world, RunOptions(workers=0)).fit()


def test_every_known_set_has_a_miniature():
    assert set(MINIATURES) == set(SETS)


@pytest.mark.filterwarnings("ignore:4 images are too few:RuntimeWarning")
@pytest.mark.parametrize("name", sorted(set(MINIATURES) - {"imagenet"}))
def test_two_steps_and_an_evaluation(name, tmp_path):
    MINIATURES[name](tmp_path / "data")
    data = assign_splits(open_data(name, tmp_path / "data"), seed=0)
    folder = train(shrunk(name), data, tmp_path / "run")
    assert len((tmp_path / "run/steps.jsonl").read_text().splitlines()) == 2
    evaluate_checkpoint(
        Scorer.load(folder), data, ("test",), tmp_path / "predictions.csv", resamples=0, check_seen=False
    )
    images = sum(record.split == "test" for record in data.records)
    assert len((tmp_path / "predictions.csv").read_text().splitlines()) == 1 + images >= 3


def test_pre_training_starts_the_others(tmp_path):
    for name in ("imagenet", "koniq10k"):
        MINIATURES[name](tmp_path / name)
    start = train(shrunk("imagenet"), open_data("imagenet", tmp_path / "imagenet"), tmp_path / "start")
    rows = [json.loads(line) for line in (tmp_path / "start/log.jsonl").read_text().splitlines()]
    assert all(0 <= row["val_accuracy"] <= 1 for row in rows)
    assert load_checkpoint(start).model.outputs == 3
    recipe = shrunk("koniq10k", initial=str(start))
    data = open_data("koniq10k", tmp_path / "koniq10k")
    with join_world("cpu") as world:
        trainer = Trainer(recipe, [data], tmp_path / "run", world, RunOptions(workers=0))
    state = trainer.state.learner.network.state_dict()
    for name, value in load_checkpoint(start).weights.items():
        assert name.startswith("head.") or torch.equal(state[name], torch.tensor(value))
    assert load_checkpoint(trainer.fit()).training_data == ("imagenet", "koniq10k")


def test_the_published_layout_starts_them_too(tmp_path, tiny):
    """An .npz as the authors publish it, here with a head of 1,000 classes."""
    MINIATURES["koniq10k"](tmp_path / "koniq10k")
    with np.load(REFERENCE / "tiny-multiscale.npz") as file:
        arrays = {name: file[name] for name in file.files}
    arrays |= {
        "opt/target/head/kernel": np.zeros((24, 1000), np.float32),
        "opt/target/head/bias": np.zeros(1000, np.float32),
    }
    np.savez(tmp_path / "imagenet.npz", **arrays)
    recipe = replace(shrunk("koniq10k", initial=str(tmp_path / "imagenet.npz")), model=tiny.model)
    with join_world("cpu") as world:
        data = open_data("koniq10k", tmp_path / "koniq10k")
        trainer = Trainer(recipe, [data], tmp_path / "run", world, RunOptions(workers=0))
    state = trainer.state.learner.network.state_dict()
    assert all(n.startswith("head.") or np.array_equal(state[n], value) for n, value in tiny.weights.items())
    assert load_checkpoint(trainer.fit()).training_data == ("koniq10k",)
