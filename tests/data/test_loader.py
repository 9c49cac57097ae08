from pathlib import Path

import numpy as np
import pytest
import torch

from musiq.data import Record
from musiq.data.loader import Sample, Steps, iterate, ragged_batches
from musiq.patches import PatchConfig, patchify


def sample(size: int, label: float) -> Sample:
    image = np.full((size, size, 3), 100, np.uint8)
    return Sample(patchify(image, PatchConfig(longer_sides=())), label, label)


def test_ragged_batches_respect_the_budget_and_lose_nothing():
    samples = [sample(32 * side, side) for side in (4, 1, 3, 2, 1)]  # 16, 1, 9, 4, 1 tokens
    batches = ragged_batches(samples, tokens_per_batch=16)
    assert [batch.low.tolist() for batch in batches] == [[1, 1, 2], [3], [4]]
    assert all(batch.valid.numel() <= 16 for batch in batches)
    assert batches[0].valid.sum(dim=1).tolist() == [1, 1, 4]


def test_an_image_beyond_the_budget_comes_alone():
    (batch,) = ragged_batches([sample(128, 1)], tokens_per_batch=3)
    assert batch.valid.shape == (1, 16)


RECORDS = [Record(Path(str(index)), str(index), float(index)) for index in range(10)]


def make(record: Record, rng: np.random.Generator) -> Sample:
    return sample(32, record.mos + rng.random() / 2)


def steps(epoch: int = 0, seed: int = 0) -> Steps:
    return Steps(RECORDS, make, images_per_step=4, tokens_per_batch=100, seed=seed, epoch=epoch)


def labels(epoch_steps, **options) -> list[float]:
    return [label for step in iterate(epoch_steps, **options) for batch in step for label in batch.low.tolist()]


def test_an_epoch_holds_each_image_once():
    assert sorted(int(label) for label in labels(steps())) == list(range(10))
    assert [sum(len(batch.low) for batch in step) for step in iterate(steps())] == [4, 4, 2]


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_order_depends_on_seed_and_epoch_alone():
    whole = labels(steps())
    assert labels(steps(), workers=2) == whole
    assert labels(steps(), first=1) == whole[4:]
    assert labels(steps(epoch=1)) != whole
    assert labels(steps(seed=1)) != whole


def test_fields_are_tensors_of_the_contract():
    ((batch,), *_) = iterate(steps())
    assert batch.pixels.shape == (4, 1, 3, 32, 32)
    assert (batch.cell.dtype, batch.valid.dtype, batch.low.dtype) == (torch.int64, torch.bool, torch.float32)
