"""Runs that are kept: finished ones are not repeated, stopped ones go on, others' are refused."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from musiq.data.record import DataSet
from musiq.errors import DataError, RecipeError
from musiq.evaluate.correlations import agreement
from musiq.evaluate.files import facts_path
from musiq.patches import patchify
from musiq.reproduce import runs
from musiq.reproduce.photos import score
from musiq.reproduce.publish import publish
from musiq.reproduce.runs import Run, finish_runs, open_run
from musiq.reproduce.scales import SMALL
from musiq.reproduce.workshop import reduce_data
from musiq.stem import SameConv
from musiq.train.augment import Augment
from musiq.train.loop import Trainer


@pytest.fixture
def recipe(tiny_setting):
    return replace(tiny_setting.vit("small"), epochs=2)


def finish_run(recipe, data, tested, workshop):
    """The predictions of one run."""
    return finish_runs("test", [Run("row", recipe, data, tuple(tested))], workshop)[0]


@pytest.fixture
def trainings(monkeypatch):
    """Names of the run folders that are trained in."""
    started, init = [], Trainer.__init__

    def watched(self, recipe, sets, run, *arguments):
        started.append(run.parent.name)
        init(self, recipe, sets, run, *arguments)

    monkeypatch.setattr(Trainer, "__init__", watched)
    return started


def test_predictions_and_their_facts(recipe, miniature, workshop):
    (run,) = finish_run(recipe, miniature, [miniature], workshop)
    tested = [record for record in miniature.records if record.split == "test"]
    assert run.images == tuple(record.name for record in tested)
    assert run.mos.tolist() == pytest.approx([record.mos for record in tested])
    found = agreement(run.scores, run.mos)
    assert run.facts["figures"]["srcc"] == pytest.approx(found.srcc)
    assert run.facts["images"] == {"train": 12, "val": 4}
    assert (run.facts["recipe"], run.facts["seed"], run.facts["data"]) == (recipe.name, 0, "miniature.csv")
    assert "CPU" in run.facts["hardware"]
    assert run.path == workshop.out / "runs/miniature/vit-small-96/seed0/predictions.csv"


def test_predictions_are_the_kept_networks(recipe, miniature, workshop):
    (run,) = finish_run(recipe, miniature, [miniature], workshop)
    network = open_run(recipe, miniature, workshop)
    record = next(record for record in miniature.records if record.split == "test")
    batch = patchify(record.pixels(), recipe.patches)
    logits = network(*(torch.from_numpy(field) for field in (batch.pixels, batch.cell, batch.scale)))
    assert run.scores[0] == pytest.approx(float(logits[0, 0]), rel=1e-5)


def test_a_finished_run_is_not_repeated(recipe, miniature, workshop, trainings):
    (first,) = finish_run(recipe, miniature, [miniature], workshop)
    (second,) = finish_run(recipe, miniature, [miniature], workshop)
    assert np.array_equal(first.scores, second.scores)
    assert trainings == [recipe.name]


def test_another_run_in_the_folder_is_refused(recipe, miniature, workshop):
    finish_run(recipe, miniature, [miniature], workshop)
    for other, data in (
        (replace(recipe, epochs=3), miniature),
        (recipe, replace_mos(miniature)),
        (recipe, replace(miniature, high=5)),
    ):
        with pytest.raises(RecipeError, match=r"predictions.csv: belongs to another run .* Choose another --out"):
            finish_run(other, data, [data], workshop)


def replace_mos(data: DataSet) -> DataSet:
    return replace(data, records=tuple(replace(record, mos=record.mos / 2) for record in data.records))


def test_a_stopped_experiment_goes_on_and_repeats_nothing(miniature, tiny_setting, workshop, trainings, monkeypatch):
    """Stopped after the first epoch of the second run, as a power cut would: the result is that of one go."""
    monkeypatch.setattr("musiq.reproduce.publish.make_setting", lambda *_: two_epochs(tiny_setting))
    finish_epoch, finished = Trainer._finish_epoch, []

    def cut_off(self, log):
        finish_epoch(self, log)
        finished.append(self.recipe.name)
        if len(finished) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "_finish_epoch", cut_off)
    with pytest.raises(KeyboardInterrupt):
        publish("table14", [miniature], "tiny", workshop, seeds=1)
    first = workshop.out / "tiny/runs/miniature" / trainings[0] / "seed0/predictions.csv"
    before = first.stat().st_mtime_ns
    publish("table14", [miniature], "tiny", workshop, seeds=1)
    assert first.stat().st_mtime_ns == before
    assert finished.count(trainings[0]) == finished.count(trainings[1]) == 2  # epochs, over both goes
    assert trainings == [trainings[0], trainings[1], trainings[1], *trainings[3:]]
    again = replace(workshop, out=workshop.out.parent / "again")
    publish("table14", [miniature], "tiny", again, seeds=1)
    assert (again.out / "tiny/table14-miniature.csv").read_bytes() == (
        workshop.out / "tiny/table14-miniature.csv"
    ).read_bytes()


def two_epochs(setting):
    return replace(setting, base=replace(setting.base, epochs=2))


def test_experiments_share_the_rows_that_they_have_in_common(miniature, workshop, trainings):
    publish("tables1-4", [miniature], "tiny", workshop, seeds=1)
    publish("figure4", [miniature], "tiny", workshop, seeds=1)
    assert len(trainings) == 2  # MUSIQ-single and MUSIQ; the figure is of the latter


def test_reduced_data_keeps_its_splits(miniature):
    reduced = reduce_data(miniature, (5, None, 2))
    counts = [sum(record.split == split for record in reduced.records) for split in ("train", "val", "test")]
    assert counts == [5, 4, 2]
    assert set(reduced.records) < set(miniature.records)
    assert set(reduce_data(miniature, (3, 0, 0)).records) < set(reduced.records)  # fewer are a part of more
    assert reduce_data(miniature, (5, None, 2)) == reduced


def test_a_test_split_is_needed(miniature, workshop):
    data = replace(miniature, records=tuple(record for record in miniature.records if record.split != "test"))
    with pytest.raises(DataError, match="0 rated images of split test"):
        publish("table6", [data], "tiny", workshop)
    assert not workshop.out.exists()


def test_facts_that_a_crash_left_out_mean_a_new_test(recipe, miniature, workshop, trainings):
    (run,) = finish_run(recipe, miniature, [miniature], workshop)
    facts_path(run.path).unlink()
    (again,) = finish_run(recipe, miniature, [miniature], workshop)
    assert np.array_equal(run.scores, again.scores)
    epochs = (run.path.parent / "log.jsonl").read_text().splitlines()
    assert [json.loads(row)["epoch"] for row in epochs] == [1, 2]  # trained once


def test_hardware_names_the_threads():
    assert "thread" in runs.hardware("cpu")


def _keep_photos_apart(layer):
    torch.nn.init.kaiming_normal_(layer.weight)
    torch.nn.init.zeros_(layer.bias)


@pytest.mark.parametrize("backbone", ["resnet50", "lite0"])
def test_a_nima_that_is_read_again_is_the_one_that_was_trained(
    backbone, miniature, workshop, tiny_setting, monkeypatch
):
    """Convolutions lie in another order in memory than in files."""
    # 16 units with torch's own random weights make photos alike but for the last bits; ImageNet's do not
    monkeypatch.setattr(SameConv, "reset_parameters", _keep_photos_apart)
    recipe = tiny_setting.nima("resnet", 384)
    if backbone == "lite0":
        recipe = replace(recipe, model=replace(SMALL.resnet, patch_size=96))
    finish_run(recipe, miniature, [miniature], workshop)
    state = torch.load(workshop.folder(recipe, miniature) / "state.pt", weights_only=True)["ema"]
    for name, value in open_run(recipe, miniature, workshop).state_dict().items():
        assert torch.equal(value, state[f"network.{name}"].to(value.dtype)), name


def test_runs_on_kept_features_score_what_pixels_would(miniature, workshop, tiny_setting):
    """The last unit of the stem learns with the rest; the first three see each photo once."""
    recipe = tiny_setting.musiq(224)
    frozen = {"freeze_units": 3, "augment": Augment(flip=0.0), "ema": 0.0}
    recipe = replace(recipe, model=replace(recipe.model, stem_units=4), epochs=3, learning_rate=1e-2, **frozen)
    keeping = replace(workshop, keep_features=True)
    (run,) = finish_run(recipe, miniature, [miniature], keeping)
    network = open_run(recipe, miniature, keeping)
    tested = [record for record in miniature.records if record.split == "test"]
    scores = [score(network, recipe.patches, record.pixels(), 1) for record in tested]
    assert run.scores == pytest.approx(np.array(scores), abs=2e-3)
    assert np.corrcoef(run.scores, scores)[0, 1] > 0.98


def test_damaged_facts_are_named(recipe, miniature, workshop):
    (run,) = finish_run(recipe, miniature, [miniature], workshop)
    facts_path(run.path).write_text("{")
    with pytest.raises(DataError, match=r"predictions\.json"):
        finish_run(recipe, miniature, [miniature], workshop)


def test_large_photos_are_reduced(miniature):
    reduced = reduce_data(miniature, (None, None, None), shorter_side_px=100)
    for before, after in zip(
        sorted(miniature.records, key=lambda record: record.name),
        sorted(reduced.records, key=lambda record: record.name),
        strict=True,
    ):
        assert min(after.pixels().shape[:2]) == min(100, *before.pixels().shape[:2])


def test_what_is_finished_takes_no_part_in_the_estimate(recipe, miniature, workshop, capsys):
    finish_run(recipe, miniature, [miniature], workshop)
    runs = [Run("row", replace(recipe, seed=seed), miniature, (miniature,)) for seed in range(3)]
    finish_runs("test", runs, workshop)
    said = capsys.readouterr().err
    assert "test: 1 of 3 runs are finished already" in said
    assert "test: run 1 of 2: row, seed 1" in said
    assert "test: run 2 of 2, ETA" in said


def test_another_process_in_the_run_is_waited_for(recipe, miniature, workshop, capsys):
    folder = workshop.folder(recipe, miniature)
    folder.mkdir(parents=True)
    code = (
        "import sys, time; from pathlib import Path; from musiq.train.lock import lock_run\n"
        f"with lock_run(Path({str(folder)!r}), 'experiment.lock'): print('held', flush=True); time.sleep(1.5)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        (run,) = finish_run(recipe, miniature, [miniature], workshop)
        assert other.wait() == 0
    assert "waiting for another process" in capsys.readouterr().err
    assert len(run.scores) == 8
