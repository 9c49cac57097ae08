"""A run killed with SIGKILL at ten random moments and resumed each time, beside an uninterrupted one.

    python -m tests.train.killed_runs RATED_FOLDER OUT

Each attempt is a forked child, so that imports are paid once. Prints the number of kills that met a living run.
"""

import os
import random
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

from musiq.data.csv import read_csv
from musiq.runtime.export import export_graphs
from musiq.train.distributed import join_world
from musiq.train.loop import RunOptions, Trainer
from musiq.train.recipe import load_recipe

KILLS, EPOCHS = 10, 10


def fit(rated: Path, run: Path) -> None:
    recipe = load_recipe(rated / "recipe.py")
    model = replace(recipe.model, dropout=0.2, stochastic_depth=0.2)
    data = replace(read_csv(rated / "rated.csv", rated), low=1, high=5)
    with join_world("cpu") as world:
        Trainer(
            replace(recipe, epochs=EPOCHS, model=model, validate_every=4),
            [data],
            run,
            world,
            RunOptions(0, save_every_s=0),
        ).fit()


def start(rated: Path, run: Path) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            fit(rated, run)
            status = 0
        finally:
            os._exit(status)
    return child


def main(rated: Path, out: Path) -> None:
    torch.set_num_threads(1)
    export_graphs(load_recipe(rated / "recipe.py").model)  # else every child would spend its life on that
    began = time.monotonic()
    assert os.waitpid(start(rated, out / "whole"), 0)[1] == 0
    whole_s = time.monotonic() - began
    chance, kills = random.Random(0), 0
    for _ in range(KILLS):
        child = start(rated, out / "killed")
        time.sleep(whole_s * chance.uniform(0.01, 0.09))
        os.kill(child, signal.SIGKILL)
        kills += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert os.waitpid(start(rated, out / "killed"), 0)[1] == 0
    print(kills)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
