import json

from musiq.sources import load_checkpoint
from tests.conftest import REFERENCE


def test_the_list_tells_range_data_licence_and_accuracy(run, default_checkpoint):
    result = run("checkpoints")
    assert result.exit_code == 0
    assert default_checkpoint.id[:12] in result.stdout
    for word in ("default", "0..100", "BIQ2021", "Apache-2.0", "SRCC"):
        assert word in result.stdout


def test_import_keeps_the_weights_and_takes_what_the_user_says(run, tmp_path):
    source = REFERENCE / "tiny-multiscale.npz"
    out = tmp_path / "out"
    options = ["--name", "koniq", "--low", "0", "--high", "100", "--trained-on", "KonIQ-10k", "--licence", "Apache-2.0"]
    assert run("checkpoints", "import", source, out, *options).exit_code == 0
    imported = load_checkpoint(out)
    assert imported.id == load_checkpoint(source).id
    assert (imported.name, imported.score.high, imported.training_data) == ("koniq", 100, ("KonIQ-10k",))
    assert json.loads((out / "training.json").read_text()) == {"imported_from": source.name}


def test_import_never_overwrites(run, tmp_path):
    (tmp_path / "note.txt").touch()
    result = run("checkpoints", "import", REFERENCE / "tiny-single.npz", tmp_path)
    assert result.exit_code == 2
    assert "not an empty folder" in str(result.exception)


def test_half_a_range_is_wrong_usage(run, tmp_path):
    assert run("checkpoints", "import", REFERENCE / "tiny-single.npz", tmp_path / "out", "--low", "1").exit_code == 2
