import subprocess
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]


def test_killed_at_ten_random_moments_a_run_ends_bitwise_the_same(rated, tmp_path):
    command = [sys.executable, "-m", "tests.train.killed_runs", str(rated), str(tmp_path)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert found.returncode == 0, found.stderr
    assert int(found.stdout.split()[-1]) == 10
    whole, killed = (torch.load(tmp_path / name / "state.pt") for name in ("whole", "killed"))
    for part in ("learner", "ema"):
        assert whole[part].keys() == killed[part].keys()
        assert all(torch.equal(value, killed[part][name]) for name, value in whole[part].items())
    for name in ("steps.jsonl", "checkpoint/model.safetensors"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not list((tmp_path / "killed").glob("*.partial"))
