"""`musiq train` and `musiq evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from musiq.errors import MissingExtraError
from musiq.runtime import Device, RuntimeName


def train(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE.py", help="File that assigns a Recipe to `recipe`.")],
    data: Annotated[Path, typer.Option(help="CSV with the columns image, mos and, if you like, split.")],
    images: Annotated[Path, typer.Option(help="Folder that the CSV's images are relative to.")],
    out: Annotated[Path, typer.Option(help="Run folder; a run found there is continued.")],
    device: Annotated[Device, typer.Option(help="Where to train; bfloat16 on cuda, float32 elsewhere.")] = "cpu",
    workers: Annotated[int, typer.Option(min=0, help="Processes that decode ahead.")] = 1,
) -> None:
    """Train a network on rated images. Writes OUT/log.jsonl and the best checkpoint to OUT/checkpoint."""
    try:
        from musiq.data.split import train_and_validation
        from musiq.train.loop import Trainer
        from musiq.train.recipe import load_recipe
    except ImportError as error:
        raise MissingExtraError("training", "train") from error
    plan = load_recipe(recipe)
    train_records, val_records = train_and_validation(data, images, plan.seed)
    folder = Trainer(plan, train_records, val_records, out, device=device, workers=workers).fit()
    print(folder)


def evaluate(
    checkpoint: Annotated[str, typer.Argument(help="Shipped name, checkpoint folder, .npz or .pth file.")],
    data: Annotated[Path, typer.Option(help="CSV with the columns image, mos and, if you like, split.")],
    images: Annotated[Path, typer.Option(help="Folder that the CSV's images are relative to.")],
    split: Annotated[list[str] | None, typer.Option(help="Only rows of this split; may be repeated.")] = None,
    out: Annotated[Path, typer.Option(help="File for the predictions.")] = Path("predictions.csv"),
    runtime: Annotated[RuntimeName, typer.Option(help="onnx needs no torch.")] = "onnx",
    device: Annotated[Device, typer.Option(help="Where torch runs.")] = "cpu",
    mos_range: Annotated[
        tuple[float, float] | None, typer.Option(help="The CSV's scale, to compare units with the checkpoint's range.")
    ] = None,
) -> None:
    """Compare a checkpoint with ratings: SRCC, PLCC, KRCC and RMSE. Writes every prediction."""
    try:
        from musiq.evaluate.predictions import evaluate_checkpoint
    except ImportError as error:
        raise MissingExtraError("evaluation", "train") from error
    from musiq.scorer import Scorer

    scorer = Scorer.load(checkpoint, runtime=runtime, device=device)
    result = evaluate_checkpoint(scorer, data, images, tuple(split or ()), out, mos_range)
    print(f"images {result.images}")
    for name in ("srcc", "plcc", "krcc", "rmse"):
        print(f"{name.upper()} {getattr(result, name):.4f}")
