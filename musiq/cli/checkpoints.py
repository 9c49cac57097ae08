"""`musiq checkpoints`: what is there, and how to average, calibrate, describe or bring one in."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from musiq.average import average_checkpoints
from musiq.checkpoint import Checkpoint, load_folder, save_checkpoint
from musiq.cli.options import PreprocessOption
from musiq.errors import DataError, MissingExtraError
from musiq.progress import say
from musiq.scores import ScoreRange
from musiq.sources import load_checkpoint, read_training, shipped_names
from musiq.tables import print_table

if TYPE_CHECKING:
    from musiq.evaluate.files import Predictions

ENOUGH_OUTSIDE = 5  # ratings that intervals are to miss, or too few to tell where they end: 50 photos for 90 %

app = typer.Typer(help="List the checkpoints that are there; average, calibrate, describe or import one.")


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
    _check_theirs(found, checkpoint)
    name = f"{len(found.images)} photos: {name}"
    meaning: dict[str, Any] = {"population": summarise_population(found.scores, name)}
    if found.uncertainties is not None:
        _warn_of_few(len(found.images), coverage)
        meaning["calibration"] = calibrate(found.scores, found.uncertainties, found.mos, coverage, name)
    save_checkpoint(replace(checkpoint, **meaning), folder, read_training(folder))
    print(f"{folder}: {', '.join(meaning)} from {name}")


def _check_theirs(found: "Predictions", checkpoint: Checkpoint) -> None:
    """Refuses predictions of other weights, or under another preprocessing."""
    if (found.facts.get("weights_sha256"), found.facts.get("preprocess")) != (checkpoint.id, checkpoint.preprocess):
        raise DataError(f"{found.path}: not known to be predictions of {checkpoint.name} ({checkpoint.id[:12]})")


def _warn_of_few(images: int, coverage: float) -> None:
    needed = round(ENOUGH_OUTSIDE / (1 - coverage))
    if images < needed:
        say(
            f"musiq: warning: {images} images are few for intervals that hold {coverage:.0%} of the ratings; "
            f"about {needed} or more make them reliable"
        )


@app.command("card")
def complete_card(
    folder: Annotated[Path, typer.Argument(help="Checkpoint folder, whose config.json and README.md are rewritten.")],
    predictions: Annotated[
        list[Path] | None, typer.Argument(metavar="PREDICTIONS.csv", help="What `evaluate` wrote for it.")
    ] = None,
    licence: Annotated[str | None, typer.Option(help="Licence of the weights, such as Apache-2.0.")] = None,
    trained_on: Annotated[
        list[str] | None, typer.Option(help="Data set it was trained on, instead of those named; may be repeated.")
    ] = None,
) -> None:
    """Complete a checkpoint's model card: measured agreement with ratings, licence, training data."""
    from musiq.evaluate.files import read_predictions

    checkpoint = load_folder(folder)
    accuracy = dict(checkpoint.accuracy)
    for found in map(read_predictions, predictions or ()):
        _check_theirs(found, checkpoint)
        accuracy |= _measured(found)
    complete = replace(
        checkpoint,
        accuracy=accuracy,
        licence=checkpoint.licence if licence is None else licence,
        training_data=tuple(trained_on or checkpoint.training_data),
    )
    save_checkpoint(complete, folder, read_training(folder))
    measured = ", ".join(accuracy) or "nothing"
    print(f"{folder / 'README.md'}: licence {complete.licence or 'not stated'}; measured on {measured}")


def _measured(found: "Predictions") -> dict[str, dict[str, float]]:
    """An evaluation's entry in `Checkpoint.accuracy`; of the images unseen in training, where some were seen."""
    seen, facts = found.facts.get("seen_images"), found.facts
    figures = facts.get("figures_without_seen" if seen else "figures") or {}
    values = {name: round(figures[name], 4) for name in ("images", "srcc", "plcc") if figures.get(name) is not None}
    if len(values) < 3:
        raise DataError(f"{found.path}: SRCC and PLCC{' of images unseen in training' if seen else ''} are not known")
    seed = facts.get("split_seed")
    parts = [facts["data"], *facts["splits"], *([] if seed is None else [f"(split seed {seed})"])]
    parts += [f"(without {seen} seen in training)"] if seen else []
    return {" ".join(parts): values}


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
