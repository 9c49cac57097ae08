import math

import pytest
import torch

from musiq.train.align import Alignment


def test_the_line_by_hand():
    alignment = Alignment(sets=3, span=10.0)
    with torch.no_grad():
        alignment.slope[1] = math.log(2)
        alignment.offset[1] = -0.5
    score = torch.tensor([[4.0], [4.0], [4.0]])
    assert alignment(score, torch.tensor([0, 1, 2])).flatten().tolist() == pytest.approx([4, 4, 3])


def test_the_line_always_rises():
    alignment = Alignment(sets=2, span=1.0)
    with torch.no_grad():
        alignment.slope.fill_(-20)
    low, high = alignment(torch.tensor([[0.0], [1.0]]), torch.ones(2, dtype=torch.int64)).flatten().tolist()
    assert low < high


def test_a_set_rated_more_severely_is_understood(rated_set, make_trainer, tmp_path):
    """The same images, rated at half: 1 to 3 instead of 1 to 5. Its line learns to fall below the first set's."""
    from dataclasses import replace

    severe = tuple(replace(record, mos=1 + (record.mos - 1) / 2) for record in rated_set.records)
    sets = [rated_set, replace(rated_set, name="severe", records=severe)]
    trainer = make_trainer(tmp_path / "run", sets, epochs=15, learning_rate=1e-2, ema=0)
    trainer.fit()
    alignment = trainer.state.learner.alignment
    middle = torch.full((2, 1), 0.5 + 1 / 4)  # the network learns score / factor: 1..5 is 0.25..1.25
    first, second = alignment(middle, torch.tensor([0, 1])).flatten().tolist()
    assert first == 0.75
    assert second < 0.65
