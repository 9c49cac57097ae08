import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from musiq import Scorer, load_checkpoint
from musiq.cli import app
from musiq.data.csv import read_csv
from musiq.errors import DataError, RecipeError
from musiq.evaluate.correlations import agreement
from musiq.model import MUSIQ
from musiq.train.lock import lock_run
from musiq.train.loop import RunOptions, Trainer
from musiq.train.stop import StoppedError


def test_from_csv_to_a_checkpoint_that_scores(rated, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["--data", str(rated / "rated.csv"), "--images", str(rated), "--mos-range", "1:5"]
    result = CliRunner().invoke(
        app, ["train", str(rated / "recipe.py"), *arguments, "--out", "run", "--workers", "0", "--seed", "3"]
    )
    assert result.exit_code == 0, result.output
    checkpoint = load_checkpoint("run/checkpoint")
    assert checkpoint.training_data == ("rated.csv",)
    assert checkpoint.graphs is not None
    assert (checkpoint.score.low, checkpoint.score.high) == (1, 5)
    assert checkpoint.accuracy["validation"]["images"] == 4
    assert "| validation | images 4, srcc " in (tmp_path / "run/checkpoint/README.md").read_text()
    assert len(checkpoint.training_images.splitlines()) == 1 + 24
    training = json.loads((tmp_path / "run/checkpoint/training.json").read_text())
    assert training["images"] == {"train": 20, "val": 4}
    assert training["recipe"]["seed"] == 3
    assert 1 < Scorer.load("run/checkpoint").score(rated / "00.png").mos < 6


def test_overfits_sixteen_rated_images(rated, rated_set, make_trainer, tmp_path):
    sixteen = replace(
        rated_set,
        records=tuple(r for r in rated_set.records if r.split == "val")[:2]
        + tuple(r for r in rated_set.records if r.split == "train")[:16],
    )
    folder = make_trainer(tmp_path / "run", [sixteen], epochs=60, validate_every=20, ema=0.9, keep_tokens=None).fit()
    scorer = Scorer.load(folder)
    records = [record for record in sixteen.records if record.split == "train"]
    predicted = [scorer.score(record.image).mos for record in records]
    assert len(records) == 16
    assert agreement(predicted, [record.mos for record in records]).srcc > 0.99


class HaltedError(Exception):
    pass


def test_a_run_halted_anywhere_ends_as_if_it_had_not(make_trainer, tmp_path, monkeypatch):
    """With dropout and stochastic depth, so that random numbers matter."""
    changes = {"model": replace(make_trainer(tmp_path / "x").recipe.model, dropout=0.2, stochastic_depth=0.2)}
    whole = make_trainer(tmp_path / "whole", **changes)
    whole.fit()
    halted = make_trainer(tmp_path / "halted", options=RunOptions(0, save_every_s=-1), **changes)
    step, calls = Trainer._step, []

    def halt_at_seventh(self, *arguments):
        calls.append(1)
        if len(calls) == 7:
            raise HaltedError
        return step(self, *arguments)

    monkeypatch.setattr(Trainer, "_step", halt_at_seventh)
    with pytest.raises(HaltedError):
        halted.fit()
    resumed = make_trainer(tmp_path / "halted", **changes)
    assert resumed.state.position == (1, 1)
    resumed.fit()
    for ours, theirs in zip(resumed.state.learner.parameters(), whole.state.learner.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    for name in ("steps.jsonl", "checkpoint/model.safetensors"):
        assert (tmp_path / "halted" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_request_to_stop_is_heard_between_steps(make_trainer, tmp_path, monkeypatch):
    import os
    import signal

    trainer = make_trainer(tmp_path / "run")
    step = Trainer._step

    def ask(self, *arguments):
        if self.state.position == (0, 2):
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, *arguments)

    monkeypatch.setattr(Trainer, "_step", ask)
    with pytest.raises(StoppedError, match="the same command continues"):
        trainer.fit()
    assert make_trainer(tmp_path / "run").state.position == (0, 3)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_steps_are_the_same_whatever_the_token_budget(make_trainer, tmp_path):
    """Gradients of a step cut into several forward passes sum to those of one."""
    rows = []
    for budget in (10, 40, 4000):
        make_trainer(tmp_path / str(budget), tokens_per_batch=budget, optimizer="sgd", learning_rate=1e-3).fit()
        lines = (tmp_path / str(budget) / "steps.jsonl").read_text().splitlines()
        rows.append([json.loads(line)["loss"] for line in lines])
    np.testing.assert_allclose(rows[0], rows[2], rtol=2e-4)
    np.testing.assert_allclose(rows[1], rows[2], rtol=2e-4)


@pytest.mark.parametrize("changes", [{}, {"task": "distribution"}])
def test_every_parameter_receives_a_gradient(rated_set, toy, make_trainer, tmp_path, changes):
    data = rated_set
    if changes:
        changes = changes | {"model": replace(toy.model, outputs=10)}
        histogram = (0.0, 1.0, 2.0, 3.0, 2.0, 1.0, 1.0, 0.0, 0.0, 0.0)
        data = replace(data, records=tuple(replace(record, histogram=histogram) for record in data.records))
    trainer = make_trainer(tmp_path / "run", [data], **changes)
    trainer.state.optimizer.zero_grad = lambda set_to_none: None
    trainer._step(trainer.steps[0, 0])
    silent = [name for name, p in trainer.state.learner.named_parameters() if p.grad is None or not p.grad.any()]
    assert not silent


def test_dropout_and_stochastic_depth_are_off_in_evaluation(toy):
    torch.manual_seed(0)
    network = MUSIQ(replace(toy.model, dropout=0.5, stochastic_depth=0.5, depth=3))
    arguments = torch.randn(4, 6, 3, 32, 32), torch.arange(6).expand(4, 6), torch.zeros(4, 6, dtype=torch.int64)
    with torch.no_grad():
        assert torch.equal(network.eval()(*arguments), network(*arguments))
        assert not torch.equal(network.train()(*arguments), network(*arguments))


def test_the_run_folder_shows_what_happened(make_trainer, tmp_path):
    from PIL import Image

    make_trainer(tmp_path / "run").fit()
    steps = [json.loads(line) for line in (tmp_path / "run/steps.jsonl").read_text().splitlines()]
    assert [(row["epoch"], row["step"]) for row in steps] == [(e, s) for e in range(2) for s in range(5)]
    assert all(set(row) == {"epoch", "step", "loss", "rate", "gradient_norm"} for row in steps)
    epochs = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in epochs] == [1, 2]
    assert epochs[1]["loss"] == pytest.approx(np.mean([row["loss"] for row in steps[5:]]))
    assert {"val_srcc", "val_plcc", "val_rmse"} <= set(epochs[0])
    with Image.open(tmp_path / "run/curve.png") as curve:
        assert curve.size == (960, 480)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "run/tensorboard")).Reload()
    assert [event.step for event in events.Scalars("step/loss")] == list(range(10))


def test_a_frozen_stem_keeps_its_weights(make_trainer, tmp_path):
    trainer = make_trainer(tmp_path / "run", freeze_stem=True, epochs=1)
    before = {name: value.clone() for name, value in trainer.state.learner.network.state_dict().items()}
    trainer.fit()
    changed = {n for n, v in trainer.state.learner.network.state_dict().items() if not torch.equal(v, before[n])}
    assert changed == {name for name in before if not name.startswith("stem.")}


def test_another_plan_or_other_ratings_are_refused(rated, rated_set, make_trainer, tmp_path):
    first = make_trainer(tmp_path / "run")
    first.state.save(tmp_path / "run", first.plan)
    with pytest.raises(RecipeError, match=r"state\.pt: belongs to another run: recipe\.seed 0 -> 1\. Choose"):
        make_trainer(tmp_path / "run", seed=1)
    changed = replace(rated_set.records[0], mos=4.5)
    with pytest.raises(RecipeError, match=r"state\.pt: belongs to another run: other images, ratings or splits"):
        make_trainer(tmp_path / "run", [replace(rated_set, records=(changed, *rated_set.records[1:]))])


def test_a_csv_without_a_stated_scale_is_refused(rated, make_trainer, tmp_path):
    with pytest.raises(DataError, match=r"rated\.csv: its ratings run from 1 to 5; say .* --mos-range"):
        make_trainer(tmp_path / "run", [read_csv(rated / "rated.csv", rated)])


def test_a_broken_training_image_is_named(rated_set, make_trainer, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"gone")
    broken = replace(rated_set.records[0], image=tmp_path / "broken.png")
    trainer_of = [replace(rated_set, records=(broken, *rated_set.records[1:]))]
    with pytest.raises(DataError, match=r"broken\.png"):
        make_trainer(tmp_path / "run", trainer_of).fit()


def test_a_second_process_in_the_same_run_folder_is_refused(make_trainer, tmp_path):
    trainer = make_trainer(tmp_path / "run")
    with lock_run(tmp_path / "run"), pytest.raises(RecipeError, match="another process is training in this run folder"):
        trainer.fit()
    trainer.fit()


def test_a_run_started_again_says_where_it_stands(make_trainer, tmp_path, capsys, monkeypatch):
    def fail(self, *arguments):
        raise HaltedError

    monkeypatch.setattr(Trainer, "_step", fail)
    with pytest.raises(HaltedError):
        make_trainer(tmp_path / "run", epochs=1).fit()
    assert "saved" not in capsys.readouterr().err
    monkeypatch.undo()
    make_trainer(tmp_path / "run", epochs=1).fit()
    assert "run: stopped before anything had been saved; starting from the beginning\n" in capsys.readouterr().err
    steps = (tmp_path / "run/steps.jsonl").read_bytes()
    make_trainer(tmp_path / "run", epochs=1).fit()
    said = capsys.readouterr().err
    assert "run: already finished, after 1 epochs\n" in said
    assert "resuming" not in said
    assert (tmp_path / "run/steps.jsonl").read_bytes() == steps


def test_divergence_is_said(make_trainer, tmp_path):
    trainer = make_trainer(tmp_path / "run", optimizer="sgd", learning_rate=1e30, clip_norm=None)
    with pytest.raises(RecipeError, match=r"the loss is (nan|inf) at epoch 1, step \d+: training has diverged"):
        trainer.fit()


def test_constant_predictions_do_not_outrank_later_ones(make_trainer, tmp_path):
    trainer = make_trainer(tmp_path / "run")
    trainer._keep_if_best({"srcc": float("nan")})
    assert (tmp_path / "run/checkpoint").exists()
    trainer._keep_if_best({"srcc": 0.25})
    trainer._keep_if_best({"srcc": 0.125})
    assert trainer.state.best == 0.25
    assert load_checkpoint(tmp_path / "run/checkpoint").accuracy["validation"]["srcc"] == 0.25
