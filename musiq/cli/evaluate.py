"""`musiq evaluate`, `musiq table` and `musiq significance`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from musiq.cli.options import CHECKPOINT, PreprocessOption, RangeOption, SplitColumnOption
from musiq.errors import MissingExtraError
from musiq.progress import say
from musiq.runtime import Device, RuntimeName

if TYPE_CHECKING:
    from musiq.data import DataSet


def evaluate(
    checkpoint: Annotated[str, typer.Argument(help=CHECKPOINT)],
    data: Annotated[str, typer.Option(help="Name of a published data set, or a CSV with the columns image, mos.")],
    images: Annotated[Path, typer.Option(help="Folder of the data set's images.")],
    split: Annotated[
        list[str] | None, typer.Option(help="Only images of this split; may be repeated. Else test, or all.")
    ] = None,
    split_seed: Annotated[int, typer.Option(help="Seed of the 80/20 split of a set that has no official one.")] = 0,
    out: Annotated[Path, typer.Option(help="File for the predictions; its facts go into the .json beside it.")] = Path(
        "predictions.csv"
    ),
    mos_range: RangeOption = None,
    split_column: SplitColumnOption = None,
    preprocess: PreprocessOption = None,
    runtime: Annotated[RuntimeName, typer.Option(help="What executes the network.")] = "auto",
    device: Annotated[Device, typer.Option(help="Where torch runs.")] = "cpu",
    resamples: Annotated[int, typer.Option(min=0, help="Of the bootstrap intervals; 0 for none.")] = 1000,
    random_splits: Annotated[int, typer.Option(min=0, help="Figures over so many random fifths of the images.")] = 0,
    leak_check: Annotated[bool, typer.Option(help="Look for near-duplicates of training images.")] = True,
    workers: Annotated[int, typer.Option(min=0, help="Processes that look for near-duplicates.")] = 1,
) -> None:
    """Compare a checkpoint with ratings: SRCC, PLCC, KRCC, RMSE and more. Writes every prediction."""
    with _needs_extra():
        from musiq.cli.figures import print_figures, print_random_splits, warn_of_leaks, warn_of_range
        from musiq.data.check import wrong_count
        from musiq.data.sets import open_data
        from musiq.data.split import assign_splits
        from musiq.evaluate.predictions import evaluate_checkpoint
    from musiq.scorer import Scorer

    opened = open_data(data, images, mos_range, split_column)
    for fault in wrong_count(opened):
        say(f"musiq: warning: {fault}")
    assigned = opened if opened.published_images is None else assign_splits(opened, split_seed)
    splits = tuple(split or _default_split(assigned))
    result = evaluate_checkpoint(
        Scorer.load(checkpoint, preprocess=preprocess, runtime=runtime, device=device),
        assigned,
        splits,
        out,
        split_seed=split_seed if assigned != opened else None,
        resamples=resamples,
        check_seen=leak_check,
        workers=workers,
    )
    print_figures(result, splits)
    warn_of_range(result)
    if random_splits:
        print_random_splits(result, random_splits, split_seed)
    if leak_check:
        warn_of_leaks(result)


def table(
    predictions: Annotated[list[Path], typer.Argument(metavar="PREDICTIONS.csv...", help="What `evaluate` wrote.")],
    data: Annotated[str | None, typer.Option(help="Name of the data set; what the files say if unset.")] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="Name of a row; once per file. Files of one label become mean ± std.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File for the table instead of stdout.")] = None,
) -> None:
    """Print a Markdown table of evaluations, with the paper's figures on the same data set."""
    with _needs_extra():
        from musiq.evaluate.files import read_predictions
        from musiq.evaluate.table import markdown_table
    text = markdown_table([read_predictions(path) for path in predictions], label or (), data)
    if out is None:
        print(text, end="")
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"--out {out}: {error.strerror}") from error


def significance(
    first: Annotated[Path, typer.Argument(metavar="A.csv", help="Predictions of one checkpoint.")],
    second: Annotated[Path, typer.Argument(metavar="B.csv", help="Another's, for the same images.")],
    resamples: Annotated[int, typer.Option(min=100, help="Of the bootstrap and of the permutation test.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of both.")] = 0,
) -> None:
    """Compare two checkpoints on the same images: is the difference more than chance?"""
    with _needs_extra():
        from musiq.cli.figures import print_comparison, warn_of_other_data
        from musiq.evaluate.files import read_predictions
        from musiq.evaluate.paired import compare_predictions
    files = read_predictions(first), read_predictions(second)
    warn_of_other_data(*files)
    print_comparison(compare_predictions(*files, resamples, seed))


@contextmanager
def _needs_extra() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise MissingExtraError("evaluation", "train") from error


def _default_split(data: "DataSet") -> tuple[str, ...]:
    return ("test",) if any(record.split == "test" for record in data.records) else ()
