import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from musiq.checkpoint import round_to_half, save_checkpoint
from musiq.errors import CheckpointError
from musiq.scores import Calibration, OwnScale, Population, ScoreRange
from musiq.sources import load_checkpoint
from tests.conftest import REFERENCE


@pytest.fixture
def folder(tmp_path, tiny):
    checkpoint = replace(
        tiny,
        name="mine",
        score=ScoreRange(0, 100),
        training_data=("A", "B"),
        licence="MIT",
        accuracy={"A": {"srcc": 1.0}},
    )
    save_checkpoint(checkpoint, tmp_path / "mine", {"epochs": 3})
    return tmp_path / "mine"


def test_a_folder_says_it_all_and_reads_back(folder, tiny):
    loaded = load_checkpoint(folder)
    assert {path.name for path in folder.iterdir()} == {
        "model.safetensors",
        "config.json",
        "training.json",
        "README.md",
        "encoder.onnx",
        "encoder_int8.onnx",
        "stem.onnx",
    }
    assert (loaded.name, loaded.training_data, loaded.licence) == ("mine", ("A", "B"), "MIT")
    assert (loaded.model, loaded.patches, loaded.graphs) == (tiny.model, tiny.patches, tiny.graphs)
    assert loaded.score == ScoreRange(0, 100)
    assert json.loads((folder / "training.json").read_text()) == {"epochs": 3}
    for name, array in tiny.weights.items():
        np.testing.assert_array_equal(loaded.weights[name], array)


def test_what_its_scores_mean_is_kept(folder, tiny):
    meaning = {"population": Population("9 photos", (1.0, 2.5)), "calibration": Calibration(0.9, 2.5, "8 photos")}
    save_checkpoint(replace(tiny, **meaning), folder)
    loaded = load_checkpoint(folder)
    assert {name: getattr(loaded, name) for name in meaning} == meaning
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"population": {"name": "none", "quantiles": [2, 1]}}))
    with pytest.raises(CheckpointError, match=r"config.json: Population: quantiles must be .* ascending"):
        load_checkpoint(folder)


def test_an_own_scale_is_kept(folder, tiny):
    before = load_checkpoint(folder)
    assert (before.own_scale, before.preprocess) == (None, before.patches.id)
    assert before.score_range == before.score == ScoreRange(0, 100)
    own = OwnScale(1, 5, (0.1, 1 / 3, 80.0), (1.0, 2 / 3 + 1, 4.7), noise=0.2, name="50 ratings")
    save_checkpoint(replace(before, own_scale=own), folder)
    loaded = load_checkpoint(folder)
    assert loaded.own_scale == own
    assert (loaded.id, loaded.score) == (before.id, before.score)
    assert (loaded.score_range, loaded.preprocess) == (ScoreRange(1, 5), f"{before.preprocess}/scale-{own.id}")
    assert json.loads((folder / "config.json").read_text())["preprocess"] == before.preprocess
    card = (folder / "README.md").read_text()
    assert "- score range: 1 to 5" in card
    assert "learned from 50 ratings: the network's scores (0 to 100, higher is better) are mapped, 0.1 -> 1," in card
    edit_config(folder, lambda config: config["own_scale"].update(values=[1, 3, 2]))
    with pytest.raises(CheckpointError, match=r"config.json: OwnScale: scores and values must ascend"):
        load_checkpoint(folder)


def test_weights_rounded_to_half_take_half_the_file(folder, tiny):
    whole = (folder / "model.safetensors").stat().st_size
    rounded = round_to_half(tiny)
    save_checkpoint(rounded, folder)
    assert (folder / "model.safetensors").stat().st_size < 0.55 * whole
    assert {str(array.dtype) for array in load_file(folder / "model.safetensors").values()} == {"float16"}
    loaded = load_checkpoint(folder)
    assert loaded.id == rounded.id != tiny.id
    for name, array in loaded.weights.items():
        assert array.dtype == np.float32
        np.testing.assert_allclose(array, tiny.weights[name], rtol=2**-11, atol=2**-25)


def test_what_half_precision_cannot_hold_is_refused(tiny):
    weights = {**tiny.weights, "head.bias": np.array([70_000], np.float32)}
    with pytest.raises(CheckpointError, match="16 bits: head.bias holds NaN or infinity"):
        round_to_half(replace(tiny, weights=weights))


def test_the_id_is_of_the_weights_alone(folder):
    assert load_checkpoint(folder).id == load_checkpoint(REFERENCE / "tiny-multiscale.npz").id
    assert load_checkpoint(folder).id != load_checkpoint(REFERENCE / "tiny-single.npz").id


def edit_config(folder, edit):
    config = json.loads((folder / "config.json").read_text())
    edit(config)
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (lambda config: config.pop("score"), r"missing keys \['score'\]"),
        (lambda config: config.update(extra=1), r"unknown keys \['extra'\]"),
        (lambda config: config.update(format=9), "format 9"),
        (lambda config: config["model"].update(width=25), "width 25"),
        (lambda config: config["model"].update(colour=1), "colour"),
        (lambda config: config["model"].update(depth=3), "missing blocks.2.attention_norm.weight"),
        (lambda config: config.update(weights_sha256="0"), "SHA-256"),
        (lambda config: config.update(preprocess="other"), "config.json says other"),
        (lambda config: config["patches"].update(grid_size=5), "grid_size 10, its patches 5"),
    ],
)
def test_faults_in_the_config_are_named(folder, edit, named):
    edit_config(folder, edit)
    with pytest.raises(CheckpointError, match=named):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (lambda weights: weights.pop("norm.bias"), "missing norm.bias"),
        (lambda weights: weights.update(extra=np.zeros(2, np.float32)), "unknown extra"),
        (lambda weights: weights.update({"norm.bias": np.zeros(2, np.float32)}), r"norm.bias has shape \(2,\)"),
        (lambda weights: weights.update({"norm.bias": np.ones(24, np.float32)}), "SHA-256"),
    ],
)
def test_faults_in_the_weights_are_named(folder, edit, named):
    weights = load_file(folder / "model.safetensors")
    edit(weights)
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(CheckpointError, match=named):
        load_checkpoint(folder)


def test_damaged_weights_are_named(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        load_checkpoint(folder)


def test_the_list_of_training_images_is_kept(folder, tiny):
    assert load_checkpoint(folder).training_images is None
    save_checkpoint(replace(tiny, training_images=b"image,hash\n"), folder)
    assert (folder / "training_images.csv").read_bytes() == b"image,hash\n"
    assert load_checkpoint(folder).training_images == b"image,hash\n"
    save_checkpoint(replace(tiny, graphs=None), folder)
    assert {path.name for path in folder.iterdir()} == {
        "model.safetensors",
        "config.json",
        "training.json",
        "README.md",
    }


FULL_DISK = """
import resource, sys
from dataclasses import replace
from pathlib import Path
from musiq.checkpoint import load_folder, save_checkpoint
folder = Path(sys.argv[1])
checkpoint = load_folder(folder)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    save_checkpoint(replace(checkpoint, name="other"), folder)
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("limit", [100, 4000])
def test_a_full_disk_leaves_the_old_checkpoint_as_it_was(folder, limit):
    """A limit on the size of files stands for the disk: the write fails part way through the weights."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    command = [sys.executable, "-c", FULL_DISK, str(folder), str(limit)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.startswith(f"CheckpointError {folder}: cannot be written: File too large; the checkpoint that was")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["mine"]
    assert load_checkpoint(folder).name == "mine"


def test_a_place_that_takes_no_folder_is_named(tmp_path, tiny):
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match=r"file.new: cannot be written: (File exists|Not a directory)$"):
        save_checkpoint(tiny, tmp_path / "file" / "new")


def test_another_profile_of_preprocessing_keeps_the_weights_and_nothing_that_was_measured(tiny):
    meaning = {"population": Population("9 photos", (1.0, 2.5)), "calibration": Calibration(0.9, 2.5, "8 photos")}
    known = replace(tiny, accuracy={"A": {"srcc": 1.0}}, score=ScoreRange(0, 100), training_data=("A",), **meaning)
    assert known.under(None) is known
    assert known.under("google-v1") is known
    other = known.under("pyiqa-bicubic")
    assert other.preprocess == "pyiqa-bicubic/224+384+native/p32/g10"
    assert (other.id, other.score, other.training_data, other.graphs) == (tiny.id, known.score, ("A",), tiny.graphs)
    assert (other.accuracy, other.population, other.calibration) == ({}, None, None)
    assert replace(other.under("google-v1"), accuracy=known.accuracy, **meaning) == known
    with pytest.raises(ValueError, match="profile must be one of google-v1, pyiqa-bicubic, got 'bicubic'"):
        known.under("bicubic")


def test_a_scale_of_ones_own_holds_under_its_own_profile_alone(tiny):
    mapped = replace(tiny, own_scale=OwnScale(1, 5, (0.0, 80.0), (1.0, 5.0), name="50 ratings"))
    assert mapped.under("google-v1") is mapped
    with pytest.raises(
        CheckpointError, match=r"\(50 ratings\) was learned under google-v1 and does not hold under pyiqa"
    ):
        mapped.under("pyiqa-bicubic")


def test_the_profile_is_kept_in_the_folder(folder, tiny):
    save_checkpoint(tiny.under("pyiqa-bicubic"), folder)
    assert load_checkpoint(folder).patches.profile == "pyiqa-bicubic"
    edit_config(folder, lambda config: config["patches"].update(profile="google-v1"))
    with pytest.raises(CheckpointError, match="its patches are google-v1/.*, config.json says pyiqa-bicubic/"):
        load_checkpoint(folder)
    edit_config(folder, lambda config: config["patches"].update(profile="lanczos"))
    with pytest.raises(CheckpointError, match="PatchConfig: profile must be one of"):
        load_checkpoint(folder)


def test_a_folder_from_before_there_were_profiles_is_read(folder, tiny):
    edit_config(folder, lambda config: config["patches"].pop("profile"))
    assert load_checkpoint(folder).patches == tiny.patches
