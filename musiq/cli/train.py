"""`musiq train`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from musiq.cli.options import RangesOption, SplitColumnOption, pair_columns, pair_ranges
from musiq.errors import MissingExtraError
from musiq.progress import say
from musiq.runtime import Device


def train(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="One of musiq's own, by name, or a file.")],
    data: Annotated[list[str], typer.Option(help="Name of a published data set, or a CSV; may be repeated.")],
    images: Annotated[list[Path], typer.Option(help="The data set's folder; one for each --data.")],
    out: Annotated[Path, typer.Option(help="Run folder; a run found there is continued.")],
    mos_range: RangesOption = None,
    split_column: SplitColumnOption = None,
    initial: Annotated[str | None, typer.Option(help="Checkpoint to start from, instead of the recipe's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, order and augmentation.")] = None,
    split_seed: Annotated[int, typer.Option(help="Seed of random splits, for data sets that have none.")] = 0,
    device: Annotated[Device, typer.Option(help="Where to train; bfloat16 on cuda, float32 elsewhere.")] = "cpu",
    workers: Annotated[int, typer.Option(min=0, help="Processes that decode ahead.")] = 1,
    save_every: Annotated[float, typer.Option(min=0, help="Seconds between saves of the run's state.")] = 120,
) -> None:
    """Train a network on rated images. Writes log, curve and state to OUT, the best checkpoint to OUT/checkpoint.

    The same command continues a stopped run. Under torchrun it is one of several processes of one run.
    """
    try:
        from musiq.data.check import wrong_count
        from musiq.data.sets import open_data
        from musiq.data.split import assign_splits
        from musiq.train.distributed import join_world
        from musiq.train.loop import RunOptions, Trainer
        from musiq.train.recipe import load_recipe
    except ImportError as error:
        raise MissingExtraError("training", "train") from error
    plan = load_recipe(recipe)
    plan = replace(plan, initial=initial or plan.initial, seed=plan.seed if seed is None else seed)
    ranges, columns = pair_ranges(data, images, mos_range or []), pair_columns(data, split_column)
    named = zip(data, images, ranges, columns, strict=True)
    sets = [assign_splits(open_data(*one), split_seed) for one in named]
    for fault in (fault for one in sets for fault in wrong_count(one)):
        say(f"warning: {fault}")
    with join_world(device) as world:
        folder = Trainer(plan, sets, out, world, RunOptions(workers, save_every, split_seed)).fit()
        if world.leads:
            print(folder)
