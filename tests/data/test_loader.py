from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from musiq.data import Record
from musiq.data.loader import Sample, Step, Steps, epoch_order, iterate, ragged_batches
from musiq.patches import PatchConfig, patchify


def sample(size: int, label: float) -> Sample:
    image = np.full((size, size, 3), 100, np.uint8)
    return Sample(patchify(image, PatchConfig(longer_sides=())), np.array([label], np.float32))


def test_ragged_batches_respect_the_budget_and_lose_nothing():
    photos = [[sample(32 * side, side)] for side in (4, 1, 3, 2, 1)]  # 16, 1, 9, 4, 1 tokens
    batches = ragged_batches(photos, tokens_per_batch=16)
    assert [batch.target.flatten().tolist() for batch in batches] == [[1, 1, 2], [3], [4]]
    assert all(batch.valid.numel() <= 16 for batch in batches)
    assert batches[0].valid.sum(dim=1).tolist() == [1, 1, 4]


def test_an_image_beyond_the_budget_comes_alone():
    (batch,) = ragged_batches([[sample(128, 1)]], tokens_per_batch=3)
    assert batch.valid.shape == (1, 16)


def test_views_of_a_photo_stay_together():
    photos = [[sample(32, 1), sample(64, 2)], [sample(32, 3)], [sample(64, 4), sample(96, 5), sample(32, 6)]]
    batches = ragged_batches(photos, tokens_per_batch=16)  # 1 token, then 2 x 4, which would make 3 x 4; then 3 x 9
    assert [batch.target.flatten().tolist() for batch in batches] == [[3, 1, 2], [4, 5, 6]]
    assert [batch.photo.tolist() for batch in batches] == [[0, 1, 1], [0, 0, 0]]


RECORDS = [Record(Path(str(index)), str(index), float(index), source=index % 2) for index in range(10)]


def make(record: Record, rng: np.random.Generator) -> list[Sample]:
    return [replace(sample(32, record.mos + rng.random() / 2), source=record.source)]


def steps(seed: int = 0, **options) -> Steps:
    return Steps(RECORDS, make, images_per_step=4, tokens_per_batch=100, seed=seed, **options)


def labels(found: list[Step]) -> list[float]:
    return [label for step in found for batch in step.batches for label in batch.target.flatten().tolist()]


def test_an_epoch_holds_each_image_once():
    found = list(iterate(steps(), 1))
    assert sorted(int(label) for label in labels(found)) == list(range(10))
    assert [step.images for step in found] == [4, 4, 2]


@pytest.mark.parametrize("world", [2, 3, 4])
def test_processes_share_an_epoch_without_loss_or_repetition(world):
    """Also where the last step has fewer images (2) than there are processes: a stand-in weighs nothing."""
    parts = [list(iterate(steps(rank=rank, world=world), 1)) for rank in range(world)]
    counted = [
        int(label)
        for part in parts
        for step in part
        for batch in step.batches
        for label, weight in zip(batch.target.flatten().tolist(), batch.weight.tolist(), strict=True)
        if weight
    ]
    assert sorted(counted) == list(range(10))
    assert all([step.images for step in part] == [4, 4, 2] for part in parts)
    assert all(step.batches for part in parts for step in part)


def test_a_process_augments_an_image_as_a_single_one_would():
    whole = set(labels(list(iterate(steps(), 1))))
    shared = [labels(list(iterate(steps(rank=rank, world=2), 1))) for rank in range(2)]
    assert whole == {*shared[0], *shared[1]}


def test_what_comes_depends_on_seed_and_epoch_alone():
    whole = labels(list(iterate(steps(), 2)))
    assert labels(list(iterate(steps(), 2, workers=2))) == whole
    assert labels(list(iterate(steps(), 2, first=(0, 1)))) == whole[4:]
    assert labels(list(iterate(steps(), 2, first=(1, 2)))) == whole[18:]
    assert whole[:10] != whole[10:]
    assert labels(list(iterate(steps(seed=1), 2))) != whole


def test_weights_set_how_often_a_data_set_comes():
    sources = np.array([0] * 100 + [1] * 10)
    order = epoch_order(sources, (0.3, 2.5), (0, 0))
    visits = np.bincount(order, minlength=110)
    assert visits[:100].sum() == 30
    assert visits[:100].max() == 1
    assert sorted(visits[100:].tolist()) == [2] * 5 + [3] * 5
    assert not np.array_equal(order, epoch_order(sources, (0.3, 2.5), (0, 1)))
    assert len(steps(weights=(1, 0))) == 2


def test_fields_are_tensors_of_the_contract():
    (batch,) = steps()[0, 0].batches
    assert batch.pixels.shape == (4, 1, 3, 32, 32)
    assert (batch.cell.dtype, batch.valid.dtype, batch.target.dtype) == (torch.int64, torch.bool, torch.float32)
    assert batch.source.tolist() == [int(label) % 2 for label in batch.target.flatten().tolist()]
    assert batch.weight.tolist() == [1] * 4
