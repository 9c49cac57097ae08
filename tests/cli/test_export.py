import json

import numpy as np
import pytest
from PIL import Image

from musiq.export import safetensors
from tests.conftest import REFERENCE

TINY = REFERENCE / "tiny-single.npz"


@pytest.fixture
def shots(tmp_path, photo):
    folder = tmp_path / "shots"
    folder.mkdir()
    Image.fromarray(photo).save(folder / "cat.png")
    Image.fromarray(photo[:100, :70]).save(folder / "ear.png")
    return folder


def test_says_what_was_written_and_how_far_scores_are_off(call, shots, tmp_path):
    out = tmp_path / "out"
    lines = call("export", TINY, "--to", "safetensors", "--out", out, "--check", shots).stdout.splitlines()
    assert lines[0].startswith(f"{out}: tiny-single as safetensors, ")
    assert lines[1] == "checked on 2 photos, each alone and padded together"
    assert lines[2].startswith("largest difference of a score: ")
    assert json.loads((out / "preprocess.json").read_text())["name"] == "tiny-single"


def test_without_photos_it_says_that_pictures_were_made_up(call, tmp_path):
    result = call("export", TINY, "--to", "safetensors", "--out", tmp_path / "out")
    assert "checked on 5 made-up pictures (--check compares on photos of yours)" in result.stdout


def test_nothing_is_written_over_a_folder_that_holds_something(call, tmp_path):
    (tmp_path / "note.txt").touch()
    result = call("export", TINY, "--to", "safetensors", "--out", tmp_path, code=2)
    assert "not an empty folder" in str(result.exception)


def test_a_photo_that_cannot_be_read_is_named_and_nothing_written(run, shots, tmp_path):
    (shots / "torn.png").write_bytes((shots / "cat.png").read_bytes()[:2000])
    result = run("export", TINY, "--to", "safetensors", "--out", tmp_path / "out", "--check", shots)
    assert result.exit_code == 2
    assert "torn.png" in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_a_file_that_scores_otherwise_is_an_error_that_names_the_photo(run, shots, tmp_path, monkeypatch):
    monkeypatch.setattr(safetensors, "load", lambda folder: lambda batch: np.full(len(batch), 1e3))
    result = run("export", TINY, "--to", "safetensors", "--out", tmp_path / "out", "--check", shots)
    assert result.exit_code == 2
    assert "cat.png: scores 1000.000000" in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_an_empty_check_and_an_unknown_format_are_wrong_usage(run, tmp_path):
    (tmp_path / "empty").mkdir()
    options = ("--out", tmp_path / "out")
    assert "no images" in str(run("export", TINY, "--to", "onnx", *options, "--check", tmp_path / "empty").exception)
    assert run("export", TINY, "--to", "tflite", *options).exit_code == 2
