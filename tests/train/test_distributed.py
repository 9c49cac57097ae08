import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from musiq import load_checkpoint
from musiq.cli import app
from musiq.train.log import read_rows

ROOT = Path(__file__).parents[2]


def arguments(rated: Path, run: Path) -> list[str]:
    recipe = run.with_suffix(".py")
    recipe.write_text(
        (rated / "recipe.py").read_text().replace("learning_rate=3e-3", "learning_rate=1e-2, optimizer='sgd'")
    )
    data = ["--data", str(rated / "rated.csv"), "--images", str(rated), "--mos-range", "1:5"]
    return ["train", str(recipe), *data, "--out", str(run), "--workers", "0"]


def train_by_two(rated: Path, run: Path) -> None:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*launcher, "-m", "musiq", *arguments(rated, run)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert found.returncode == 0, found.stderr


@pytest.fixture(scope="module")
def runs(rated, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    alone = CliRunner().invoke(app, arguments(rated, folder / "one"))
    assert alone.exit_code == 0, alone.output
    train_by_two(rated, folder / "two")
    return folder, *(read_rows(folder / name / "steps.jsonl") for name in ("one", "two"))


def test_two_processes_have_the_loss_curve_of_one(runs):
    """Tolerance 1e-4 of each figure: sums are taken in another order, which steps pass on."""
    _, one, two = runs
    assert [(row["epoch"], row["step"]) for row in two] == [(row["epoch"], row["step"]) for row in one]
    for name in ("loss", "rate", "gradient_norm"):
        np.testing.assert_allclose([row[name] for row in two], [row[name] for row in one], rtol=1e-4)


def test_they_leave_the_same_checkpoint(runs):
    folder, *_ = runs
    one, two = (read_rows(folder / name / "log.jsonl") for name in ("one", "two"))
    assert len(one) == len(two) == 2
    assert two[-1]["val_plcc"] == pytest.approx(one[-1]["val_plcc"], rel=1e-3)
    ours, theirs = (load_checkpoint(folder / name / "checkpoint").weights for name in ("one", "two"))
    for name in ours:
        np.testing.assert_allclose(theirs[name], ours[name], rtol=1e-3, atol=1e-5)
