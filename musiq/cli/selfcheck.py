"""`musiq selfcheck`."""

import csv
import sys
from pathlib import Path
from typing import Annotated

import typer

from musiq.cli.engines import refuse_nothing
from musiq.cli.options import CheckpointOption, MemoryOption
from musiq.distortions import DISTORTIONS, LEVELS
from musiq.errors import ImageError
from musiq.inputs.expand import Inputs
from musiq.inputs.item import File, Item
from musiq.progress import progress_bar, say
from musiq.runtime.choose import Device, RuntimeName
from musiq.scorer import Scorer
from musiq.selfcheck import Falls, Series, count_falls, score_series
from musiq.tables import print_table


def selfcheck(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Good photos, folders of them, or globs.")],
    checkpoint: CheckpointOption = "default",
    distortion: Annotated[list[str] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    output: Annotated[Path | None, typer.Option(help="CSV for every score.")] = None,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Look into subfolders.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of noise and the like.")] = 0,
    runtime: Annotated[RuntimeName, typer.Option(help="What executes the network.")] = "auto",
    device: Annotated[Device, typer.Option(help="Where it runs; cuda and mps need torch.")] = "cpu",
    max_memory: MemoryOption = None,
) -> None:
    """Damage your own photos step by step and count how often the score falls, for any checkpoint. Needs no ratings.

    Exit 0; 1 when some files failed (each is named); 2 for wrong usage.
    """
    kinds = list(dict.fromkeys(distortion or DISTORTIONS))
    if unknown := [kind for kind in kinds if kind not in DISTORTIONS]:
        raise ValueError(f"no distortion {unknown[0]!r}; there are {', '.join(DISTORTIONS)}")
    inputs = Inputs(tuple(paths), recursive)
    refuse_nothing(inputs, paths)
    files = list(dict.fromkeys(map(_loose_file, inputs)))
    scorer = Scorer.load(checkpoint, runtime=runtime, device=device, max_memory=max_memory)
    series, failed = list[Series](), 0
    with progress_bar("checking", len(files) * len(kinds)) as advance:
        for result in score_series(scorer, files, kinds, seed):
            if isinstance(result, ImageError):
                say(f"failed: {result}")
                failed += 1
                for _ in kinds:
                    advance("")
                continue
            series.append(result)
            advance(Path(result.image).name)
    if output is not None:
        _write(output, series)
    if series:
        _print(count_falls(series, scorer.checkpoint.score.higher_is_better), len(files) - failed, scorer)
    if failed:
        print(f"musiq: {failed} of {len(files)} files failed", file=sys.stderr)
        raise typer.Exit(1)


def _print(rows: list[Falls], photos: int, scorer: Scorer) -> None:
    columns = ["distortion", "clean", *(f"level {level}" for level in range(1, LEVELS + 1)), "falls in", "of steps"]
    cells = ([row.name, *(f"{mean:.1f}" for mean in row.means), f"{row.share:.1%}", str(row.steps)] for row in rows)
    print(f"{photos} photos, checkpoint {scorer.checkpoint.name} ({scorer.checkpoint.id[:12]}): mean scores")
    print_table(columns, cells, sys.stdout, right=columns[1:])


def _loose_file(item: Item) -> Path:
    if not isinstance(item.source, File):
        raise ValueError(f"{item.name}: only photos that are files of their own can be checked")
    return Path(item.source.path)


def _write(path: Path, series: list[Series]) -> None:
    try:
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["image", "distortion", "clean", *(f"level{level}" for level in range(1, LEVELS + 1))])
            writer.writerows([one.image, one.distortion, *one.scores] for one in series)
    except OSError as error:
        raise ValueError(f"--output {path}: {error.strerror}") from error
