"""`musiq train` from the command line: several data sets, own numbers, and what it refuses."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from musiq.cli import app, main
from musiq.data.csv import read_csv, write_csv
from tests.data.miniatures import MINIATURES


def train(*arguments):
    return CliRunner().invoke(app, ["train", *map(str, arguments), "--workers", "0"])


@pytest.fixture
def severe(rated, tmp_path):
    """The rated folder's images on a scale of 0 to 10."""
    records = [replace(record, mos=2.5 * (record.mos - 1)) for record in read_csv(rated / "rated.csv", rated).records]
    write_csv(tmp_path / "severe.csv", records, rated)
    return tmp_path / "severe.csv"


def test_two_data_sets_at_once(rated, severe, tmp_path):
    sets = ["--data", rated / "rated.csv", "--images", rated, "--data", severe, "--images", rated]
    found = train(rated / "recipe.py", *sets, "--mos-range", "1:5", "--mos-range", "0:10", "--out", tmp_path / "run")
    assert found.exit_code == 0, found.output
    last = json.loads((tmp_path / "run/log.jsonl").read_text().splitlines()[-1])
    assert {"val_srcc", "val_srcc 1 rated.csv", "val_srcc 2 severe.csv"} <= set(last)
    training = json.loads((tmp_path / "run/checkpoint/training.json").read_text())
    assert training["data"] == ["rated.csv", "severe.csv"]
    assert training["images"] == {"train": 40, "val": 8}


def test_a_set_short_of_images_is_warned_of(rated, tmp_path):
    MINIATURES["biq2021"](tmp_path / "data")
    found = train(rated / "recipe.py", "--data", "biq2021", "--images", tmp_path / "data", "--out", tmp_path / "run")
    assert found.exit_code == 0, found.output
    assert "warning: biq2021: 22 images; its authors published 12,000" in found.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--data", "a.csv"], "2 --data and 1 --images"),
        (["--mos-range", "1:5", "--mos-range", "1:5", "--mos-range", "1:5"], "1 --data and 3 --mos-range"),
        ([], "say the ends of their scale with --mos-range"),
    ],
)
def test_what_does_not_fit_is_said(rated, tmp_path, arguments, named, monkeypatch, capsys):
    base = ["--data", str(rated / "rated.csv"), "--images", str(rated), "--out", str(tmp_path / "run"), *arguments]
    monkeypatch.setattr("sys.argv", ["musiq", "train", str(rated / "recipe.py"), *base])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert named in capsys.readouterr().err


def test_a_range_that_is_none_is_refused(rated, tmp_path):
    found = train(rated / "recipe.py", "--data", "x", "--images", "y", "--mos-range", "1-5", "--out", tmp_path / "run")
    assert found.exit_code == 2
    assert "'1-5' is not LOW:HIGH" in found.output
