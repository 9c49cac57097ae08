import subprocess
import sys

import pytest
import torch

from musiq.errors import RecipeError

PLAN = {"recipe": {"seed": 1}, "data": "abc"}


@pytest.fixture
def state(make_trainer, tmp_path):
    return make_trainer(tmp_path / "elsewhere").state


def test_what_is_saved_comes_back(state, make_trainer, tmp_path):
    state.epoch, state.step, state.best, state.losses = 3, 4, 0.5, 1.25
    with torch.no_grad():
        state.learner.network.head.bias.fill_(7)
    state.average(10**9)
    state.save(tmp_path, PLAN)
    other = make_trainer(tmp_path / "other").state
    assert other.resume(tmp_path, PLAN)
    assert (other.position, other.best, other.losses) == ((3, 4), 0.5, 1.25)
    for ours, theirs in zip(other.ema.parameters(), state.ema.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert other.learner.network.head.bias.item() == 7


def test_an_empty_folder_has_nothing_to_resume(state, tmp_path):
    assert not state.resume(tmp_path, PLAN)


def test_averaging_by_hand(state):
    bias = state.learner.network.head.bias
    with torch.no_grad():
        state.ema.network.head.bias.fill_(1)
        bias.fill_(2)
    state.average(0)  # 0.1 of the old, 0.9 of the new
    assert state.ema.network.head.bias.item() == pytest.approx(1.9)
    state.average(10**9)  # the recipe's decay, 0.999
    assert state.ema.network.head.bias.item() == pytest.approx(1.9 + 0.1 * 0.001)


def cut_short(content: bytes) -> bytes:
    return content[:-1000]


def one_bit_flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [cut_short, one_bit_flipped])
def test_a_damaged_file_points_to_the_save_before(state, tmp_path, damage):
    state.save(tmp_path, PLAN)
    state.step = 9
    state.save(tmp_path, PLAN)
    (tmp_path / "state.pt").write_bytes(damage((tmp_path / "state.pt").read_bytes()))
    with pytest.raises(RecipeError, match=r"state\.pt: cannot be read: .*state\.previous\.pt is the save before"):
        state.resume(tmp_path, PLAN)
    (tmp_path / "state.previous.pt").replace(tmp_path / "state.pt")
    assert state.resume(tmp_path, PLAN)
    assert state.step == 0


def test_another_plan_is_refused(state, tmp_path):
    state.save(tmp_path, PLAN)
    with pytest.raises(RecipeError, match=r"belongs to another run: other images, ratings or splits\. Choose"):
        state.resume(tmp_path, PLAN | {"data": "abd"})
    recipe = {"seed": 1, "model": {"width": 8, "depth": 2}}
    state.save(tmp_path, PLAN | {"recipe": recipe})
    with pytest.raises(RecipeError, match=r"another run: recipe\.model\.depth 2 -> 3; recipe\.ema None -> 0\.9\. Ch"):
        state.resume(tmp_path, PLAN | {"recipe": recipe | {"model": {"width": 8, "depth": 3}, "ema": 0.9}})


FULL_DISK = """
import resource, sys, torch
from pathlib import Path
from musiq.config import ModelConfig
from musiq.model import MUSIQ
from musiq.train.align import Learner
from musiq.train.state import RunState
config = ModelConfig(width=24, depth=1, heads=2, mlp=32, stem=8, stem_groups=4)
learner = Learner(MUSIQ(config))
state = RunState(learner, torch.optim.SGD(learner.parameters(), lr=1), 0.9)
run = Path(sys.argv[1])
state.save(run, {})
good = (run / "state.pt").read_bytes()
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    state.save(run, {})
except Exception as error:
    print(type(error).__name__, error)
assert (run / "state.pt").read_bytes() == good
assert sorted(path.name for path in run.iterdir()) == ["state.pt"]
"""


def test_a_full_disk_leaves_the_state_before(tmp_path):
    found = subprocess.run([sys.executable, "-c", FULL_DISK, tmp_path], capture_output=True, text=True, timeout=120)
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("RecipeError")
    assert "state.pt: cannot be written" in found.stdout
    assert "the state saved before is untouched" in found.stdout
