import pytest

from musiq.checkpoint import save_checkpoint
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


def test_a_pin_refuses_other_weights(default_checkpoint):
    assert default_checkpoint.id.startswith("814640b73e2f")
    for pin in ("814640b7", "814640B73E2F", default_checkpoint.id):
        assert load_checkpoint(f"default#{pin}").id == default_checkpoint.id
    with pytest.raises(
        CheckpointError, match=r"default: its weights have SHA-256 814640b73e2f\w{52}, not 00000000\.\.\."
    ):
        load_checkpoint("default#00000000")
    assert read_training("default#00000000") == read_training("default")


@pytest.mark.parametrize("pin", ["", "814640b", "814640b73e2g", "0" * 65])
def test_what_is_no_pin(pin):
    with pytest.raises(CheckpointError, match=r"after # stand 8 to 64 hexadecimal digits of the weights' SHA-256"):
        load_checkpoint(f"default#{pin}")


def test_a_path_with_the_sign_of_pins_in_it(tmp_path, default_checkpoint):
    folder = tmp_path / "run#814640b7"
    save_checkpoint(default_checkpoint, folder)
    assert load_checkpoint(folder).id == default_checkpoint.id
    assert load_checkpoint(f"{folder}#814640b73e2f").id == default_checkpoint.id
    with pytest.raises(CheckpointError, match="not 00000000"):
        load_checkpoint(f"{folder}#00000000")
