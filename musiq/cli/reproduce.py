"""`musiq reproduce`."""

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from musiq.cli.options import RangesOption, SplitColumnOption, pair_columns, pair_ranges
from musiq.errors import MissingExtraError
from musiq.progress import say
from musiq.runtime import Device

Name = Literal["tables1-4", "table5", "table6", "table12", "table14", "figure3", "figure4", "matrix"]
ScaleOption = Annotated[
    Literal["tiny", "small", "paper"],
    typer.Option(help="tiny: seconds a run, to try; small: minutes on a CPU; paper: as published, on a GPU."),
]


def reproduce(
    experiment: Annotated[
        Name, typer.Argument(help="Table or figure of the paper; matrix: trained on A, tested on B.")
    ],
    data: Annotated[list[str], typer.Option(help="Name of a published data set, or a CSV; for matrix several.")],
    images: Annotated[list[Path], typer.Option(help="The data set's folder; one for each --data.")],
    scale: ScaleOption = "small",
    out: Annotated[Path, typer.Option(help="Folder for runs and results; what is finished there is kept.")] = Path(
        "reproduced"
    ),
    seeds: Annotated[int | None, typer.Option(min=1, help="Runs of each row; else what the scale says.")] = None,
    mos_range: RangesOption = None,
    split_column: SplitColumnOption = None,
    initial: Annotated[
        list[str] | None, typer.Option(help="Checkpoint that MUSIQ starts from; RECIPE=FILE for one row's recipe.")
    ] = None,
    photo: Annotated[
        list[Path] | None, typer.Option(help="For the figures; may be repeated. Else two test images.")
    ] = None,
    split_seed: Annotated[int, typer.Option(help="Seed of random splits, for data sets that have none.")] = 0,
    device: Annotated[Device, typer.Option(help="Where to train.")] = "cpu",
    workers: Annotated[int, typer.Option(min=0, help="Processes that decode ahead.")] = 0,
) -> None:
    """Repeat an experiment of the paper on a data set: every row, several seeds, the paper's figures beside ours.

    Writes table, picture and predictions to OUT. The same command goes on after it was stopped.
    """
    try:
        from musiq.data.check import wrong_count
        from musiq.data.sets import open_data
        from musiq.data.split import PUBLISHED_SHARES, assign_splits
        from musiq.reproduce.publish import publish
        from musiq.reproduce.workshop import Workshop
        from musiq.runtime.torch import open_device
    except ImportError as error:
        raise MissingExtraError("repeating an experiment", "train") from error
    _refuse_what_cannot_be(out)
    open_device(device)
    ranges, columns = pair_ranges(data, images, mos_range or []), pair_columns(data, split_column)
    named = zip(data, images, ranges, columns, strict=True)
    sets = [assign_splits(open_data(*one), split_seed, PUBLISHED_SHARES) for one in named]
    for fault in (fault for one in sets for fault in wrong_count(one)):
        say(f"warning: {fault}")
    workshop = Workshop(out, device, workers, split_seed)
    page = publish(
        experiment,
        sets,
        scale,
        workshop,
        seeds=seeds,
        photos=photo or (),
        initial=initial or (),
        command=shlex.join(["musiq", *sys.argv[1:]]),
    )
    print(page, end="")


def _refuse_what_cannot_be(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out {out}: a file; needs a folder")
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ValueError("an experiment is one process: start several side by side with one --out, not torchrun")
