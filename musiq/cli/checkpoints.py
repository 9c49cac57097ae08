"""`musiq checkpoints`: what is there, and how to average, calibrate or bring one in."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from musiq.average import average_checkpoints
from musiq.checkpoint import Checkpoint, load_folder, save_checkpoint
from musiq.cli.options import PreprocessOption
from musiq.errors import DataError, MissingExtraError
from musiq.scores import ScoreRange
from musiq.sources import load_checkpoint, read_training, shipped_names
from musiq.tables import print_table

app = typer.Typer(help="List the checkpoints that are there; average, calibrate or import one.")


@app.callback(invoke_without_command=True)
def list_checkpoints(context: typer.Context) -> None:
    """List shipped checkpoints with range, training data, licence and measured accuracy."""
    if context.invoked_subcommand is not None:
        return
    columns = ("name", "weights", "parameters", "range", "trained on", "licence", "measured")
    print_table(columns, (_describe(load_checkpoint(name)) for name in shipped_names()), sys.stdout)


def _describe(checkpoint: Checkpoint) -> tuple[str, ...]:
    low, high = checkpoint.score.low, checkpoint.score.high
    measured = (
        f"{data}: SRCC {figures['srcc']:.3f}, PLCC {figures['plcc']:.3f}"
        for data, figures in checkpoint.accuracy.items()
    )
    return (
        checkpoint.name,
        checkpoint.id[:12],
        f"{sum(array.size for array in checkpoint.weights.values()):,}",
        "not stated" if low is None else f"{low:g}..{high:g}",
        ", ".join(checkpoint.training_data) or "not stated",
        checkpoint.licence or "not stated",
        "\n".join(measured) or "not measured",
    )


@app.command("average")
def average(
    checkpoints: Annotated[list[str], typer.Argument(help="Checkpoints of one architecture: folders or names.")],
    out: Annotated[Path, typer.Option(help="Checkpoint folder to write; must not exist or be empty.")],
    share: Annotated[list[float] | None, typer.Option(help="Share of each, in their order; alike if unset.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the checkpoint; the folder's if unset.")] = None,
) -> None:
    """Average weights: seeds of one recipe, or a checkpoint before and after a stage of training."""
    refuse_to_overwrite(out)
    found, shares = [load_checkpoint(source) for source in checkpoints], share or [1.0] * len(checkpoints)
    mean = average_checkpoints(found, shares, name or out.name)
    facts = [
        {"checkpoint": source, "weights_sha256": one.id, "share": part, "training": read_training(source)}
        for source, one, part in zip(checkpoints, found, shares, strict=True)
    ]
    save_checkpoint(mean, out, {"averaged": facts})
    print(f"{out}: {mean.name}, weights {mean.id[:12]}")


def refuse_to_overwrite(out: Path) -> None:
    """Refuses a folder for a new checkpoint that holds something."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"{out} exists and is not an empty folder")


@app.command("calibrate")
def calibrate_checkpoint(
    folder: Annotated[Path, typer.Argument(help="Checkpoint folder, which is rewritten.")],
    predictions: Annotated[Path, typer.Argument(help="What `evaluate` wrote for photos that were not trained on.")],
    name: Annotated[str, typer.Option(help="Which photos these are, for people who read a score.")],
    coverage: Annotated[float, typer.Option(min=0.01, max=0.99, help="Share of ratings that intervals hold.")] = 0.9,
) -> None:
    """Teach a checkpoint what its scores mean: how far off they may be, and where one stands among these photos.

    The scores stay as they are; `musiq calibrate` maps them to a rating scale of your own.
    """
    try:
        from musiq.evaluate.coverage import calibrate, summarise_population
        from musiq.evaluate.files import read_predictions
    except ImportError as error:
        raise MissingExtraError("calibration", "train") from error
    checkpoint, found = load_folder(folder), read_predictions(predictions)
    if checkpoint.own_scale is not None:
        raise DataError(
            f"{folder}: its scores are mapped to a rating scale by `musiq calibrate`, which has taught its intervals, "
            "too; calibrate the checkpoint that it was made from"
        )
    if (found.facts.get("weights_sha256"), found.facts.get("preprocess")) != (checkpoint.id, checkpoint.preprocess):
        raise DataError(f"{predictions}: not known to be predictions of {checkpoint.name} ({checkpoint.id[:12]})")
    name = f"{len(found.images)} photos: {name}"
    meaning: dict[str, Any] = {"population": summarise_population(found.scores, name)}
    if found.uncertainties is not None:
        meaning["calibration"] = calibrate(found.scores, found.uncertainties, found.mos, coverage, name)
    save_checkpoint(replace(checkpoint, **meaning), folder, read_training(folder))
    print(f"{folder}: {', '.join(meaning)} from {name}")


@app.command("import")
def import_checkpoint(
    file: Annotated[Path, typer.Argument(help="A published .npz, or a .pth of the common PyTorch port.")],
    out: Annotated[Path, typer.Argument(help="Checkpoint folder to write; must not exist or be empty.")],
    name: Annotated[str | None, typer.Option(help="Name of the checkpoint; the file's if unset.")] = None,
    low: Annotated[float | None, typer.Option(help="Worst score of its range; the file does not tell.")] = None,
    high: Annotated[float | None, typer.Option(help="Best score of its range.")] = None,
    trained_on: Annotated[list[str] | None, typer.Option(help="Data set it was trained on; may be repeated.")] = None,
    licence: Annotated[str, typer.Option(help="Licence of the weights.")] = "",
    preprocess: PreprocessOption = None,
) -> None:
    """Convert a published file to a checkpoint folder. What the file does not tell is yours to say."""
    refuse_to_overwrite(out)
    if (low is None) != (high is None):
        raise ValueError("--low and --high go together")
    checkpoint = load_checkpoint(file).under(preprocess)
    if low is not None and high is not None:
        checkpoint = replace(checkpoint, score=ScoreRange(low, high, factor=checkpoint.score.factor))
    checkpoint = replace(
        checkpoint, name=name or checkpoint.name, training_data=tuple(trained_on or ()), licence=licence
    )
    save_checkpoint(checkpoint, out, {"imported_from": file.name})
    print(f"{out}: {checkpoint.name}, weights {checkpoint.id[:12]}")
