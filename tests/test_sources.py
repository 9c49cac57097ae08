import pytest

from musiq.errors import CheckpointError
from musiq.sources import load_checkpoint, read_training


def test_unknown_names_list_what_there_is():
    with pytest.raises(CheckpointError, match=r"nothing: no such file or folder, nor a shipped checkpoint \(default\)"):
        load_checkpoint("nothing")


def test_the_shipped_default(default_checkpoint):
    assert default_checkpoint.licence == "Apache-2.0"
    assert (default_checkpoint.score.low, default_checkpoint.score.high) == (0, 100)
    assert default_checkpoint.training_data
    assert default_checkpoint.graphs is not None


def test_a_path_wins_over_a_shipped_name_when_written_as_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "default").mkdir()
    with pytest.raises(CheckpointError, match=r"default/config\.json"):
        load_checkpoint("./default")


def test_what_is_told_of_the_training(tmp_path):
    assert {one["training"]["recipe"]["licence"] for one in read_training("default")["averaged"]} == {"Apache-2.0"}
    assert read_training(tmp_path) == {}
    (tmp_path / "training.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"training.json: "):
        read_training(tmp_path)
