from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from musiq.data.record import DataSet, Record
from musiq.errors import DataError, RecipeError
from musiq.scores import ScoreRange
from musiq.train.augment import View
from musiq.train.tasks import UNSURE_WEIGHT, make_task

PHOTO = Image.new("RGB", (8, 8))


def rated(name="set", low=1.0, high=5.0, moses=(1, 3, 5), **fields) -> DataSet:
    records = tuple(Record(Path(str(mos)), str(mos), mos, **fields) for mos in moses)
    return DataSet(name, records, low, high)


def test_opinions_map_onto_the_score(toy):
    task = make_task(replace(toy, score=ScoreRange(0, 100, factor=100)), [rated()])
    record = Record(Path("a"), "a", 4.0)
    assert task.quality(record) == 0.75
    assert task.target(record, View(PHOTO, (0.5, 0.75), 0.25)).tolist() == [0.5, 0.75, 0.25]


def test_without_a_stated_score_it_is_the_ratings(toy):
    task = make_task(toy, [rated()])
    assert (task.score.low, task.score.high) == (1, 5)
    record = Record(Path("a"), "a", 4.0)
    target = task.target(record, View(PHOTO, (task.quality(record),) * 2, 0.5))
    assert (target * task.score.factor).tolist() == [4, 4, 2]  # half of the scale of 1 to 5


def test_each_data_set_has_its_own_scale(toy):
    task = make_task(toy, [rated(), rated("other", 0, 10)])
    assert task.quality(Record(Path("a"), "a", 5.0, source=0)) == 1
    assert task.quality(Record(Path("a"), "a", 5.0, source=1)) == 0.5


def test_figures_of_several_sets_are_means(toy):
    sets = [rated(moses=(1, 2, 3)), rated("other", moses=(1, 2, 3))]
    task = make_task(toy, sets)
    records = [replace(r, source=i) for i, data in enumerate(sets) for r in data.records]
    figures = task.measure(np.array([[0.1, 0.2, 0.3, 0.3, 0.2, 0.1]]).T, records)
    assert figures["srcc 1 set"] == pytest.approx(1)
    assert figures["srcc 2 other"] == pytest.approx(-1)
    assert figures["srcc"] == pytest.approx(0)


def test_distributions(toy):
    counts = (0, 0, 1, 2, 4, 2, 1, 0, 0, 0)
    recipe = replace(toy, task="distribution", model=replace(toy.model, outputs=10))
    data = rated(moses=(5, 5.5), low=1, high=10, histogram=counts)
    task = make_task(recipe, [data])
    target = task.target(data.records[0], View(PHOTO, (0, 0)))
    np.testing.assert_allclose(target, np.array(counts) / 10, rtol=1e-6)
    with pytest.raises(DataError, match=r"set: image '1' has a histogram of 0 ratings; .* learns 10"):
        make_task(recipe, [rated()])


def test_classes(toy):
    recipe = replace(toy, task="classes", model=replace(toy.model, outputs=1000))
    data = DataSet("classes", (Record(Path("a"), "a", label=2),), classes=("x", "y", "z"))
    task = make_task(recipe, [data])
    assert task.outputs == 3
    assert task.target(data.records[0], View(PHOTO, (0, 0))).tolist() == [2]
    figures = task.measure(np.array([[0, 1, 2.0], [3, 1, 2]]), [data.records[0]] * 2)
    assert figures == {"accuracy": 0.5}
    with pytest.raises(DataError, match="takes one data set of class folders"):
        make_task(recipe, [rated()])
    with pytest.raises(DataError, match="classes holds classes, not ratings"):
        make_task(toy, [data])


def test_the_uncertainty_learns_from_photos_and_not_from_copies(toy):
    from musiq.data.loader import TrainBatch

    task = make_task(replace(toy, model=replace(toy.model, outputs=2)), [rated()])
    assert task.outputs == 2
    none, photo = torch.zeros(0), torch.zeros(2, dtype=torch.int64)
    target = torch.tensor([[0.5, 0.5, 0], [0, 0.5, 0.1]])
    batch = TrainBatch(none, none, none, none, target, photo, photo, torch.ones(2))
    logits = torch.tensor([[0.75, 0.0], [0.5, 0.0]], requires_grad=True)  # 0.25 off; the copy as far below as it should
    loss = task.loss(logits, batch)
    assert loss.tolist() == pytest.approx([0.25 + UNSURE_WEIGHT * 0.25, 0])
    loss.sum().backward()
    assert logits.grad[:, 1].tolist() == pytest.approx([UNSURE_WEIGHT * (1 - 0.25), 0])


def test_weights_go_one_to_each_set(toy):
    with pytest.raises(RecipeError, match="2 weights for 1 data sets"):
        make_task(replace(toy, weights=(1.0, 2.0)), [rated()])


def test_ranking_adds_to_the_distance(toy):
    from musiq.data.loader import TrainBatch

    plain, ranked = (make_task(replace(toy, ranking=weight), [rated()]) for weight in (0.0, 2.0))
    none = torch.zeros(0)
    target = torch.tensor([[0.25, 0.25, 0], [1.25, 1.25, 0]])
    batch = TrainBatch(
        none, none, none, none, target, torch.zeros(2, dtype=torch.int64), torch.arange(2), torch.ones(2)
    )
    logits = torch.tensor([[0.5], [0.5]])
    extra = ranked.loss(logits, batch) - plain.loss(logits, batch)
    # one pair, equal scores: log 2, times the weight and a tenth of the scale, for the better image
    assert extra.tolist() == pytest.approx([0, 2 * 0.1 * np.log(2)], rel=1e-5)


def test_an_untrained_network_guesses_the_middle(toy):
    """Of ratings 1 to 5: 3, give or take a tenth of the scale, in units of the recipe's factor."""
    unsure = make_task(replace(toy, model=replace(toy.model, outputs=2)), [rated()])
    middle, spread = np.array(unsure.first_guess) * [unsure.score.factor, 1]
    assert (middle, np.exp(spread) * unsure.score.factor) == pytest.approx((3, 0.4))
    assert make_task(toy, [rated()]).first_guess == unsure.first_guess[:1]
