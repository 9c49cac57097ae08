"""`musiq calibrate`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from musiq.checkpoint import Checkpoint, save_checkpoint
from musiq.cli.checkpoints import refuse_to_overwrite
from musiq.cli.options import CheckpointOption, DeviceOption, MosRange, RuntimeOption, parse_range
from musiq.errors import DataError, ImageError, MissingExtraError
from musiq.progress import progress_bar, say
from musiq.scorer import Scorer
from musiq.scores import Score, decimals
from musiq.sources import load_checkpoint, read_training
from musiq.tables import print_table

if TYPE_CHECKING:
    from musiq.data.record import Record
    from musiq.meaning.calibrate import Error, Learned


def calibrate(
    ratings: Annotated[Path, typer.Option(help="CSV with the columns image and mos; about 50 ratings.")],
    images: Annotated[Path, typer.Option(help="Folder that the CSV's paths are relative to.")],
    mos_range: Annotated[
        MosRange,
        typer.Option(
            "--mos-range",
            parser=parse_range,
            metavar="LOW:HIGH",
            help="Worst and best rating of your scale, as in 1:5; higher must be better.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Checkpoint folder to write; must not exist or be empty.")],
    checkpoint: CheckpointOption = "default",
    name: Annotated[str | None, typer.Option(help="Name of the new checkpoint; the folder's if unset.")] = None,
    runtime: RuntimeOption = "auto",
    device: DeviceOption = "cpu",
) -> None:
    """Map a checkpoint's scores to a rating scale of your own, learned from about 50 of your ratings.

    Writes a checkpoint whose scores, bands and intervals are on your scale, and shows how far off they are on ratings
    that were not learned from. The order of images stays as it is. (`musiq checkpoints calibrate` teaches a checkpoint
    intervals and percentiles on the scale that it has.) Exit 0; 1 when some images failed: each is named, and the
    others are used; 2 for wrong usage.
    """
    try:
        from musiq.data.sets import open_data
        from musiq.meaning.calibrate import learn_scale, without_own_scale
    except ImportError as error:
        raise MissingExtraError("calibration", "explain") from error
    refuse_to_overwrite(out)
    if not mos_range.low < mos_range.high:
        raise ValueError(f"MOS range {mos_range.low:g}..{mos_range.high:g}: the worst value must be below the best")
    data = open_data(str(ratings), images, mos_range)
    plain = without_own_scale(load_checkpoint(checkpoint))
    scorer = Scorer.load(plain, runtime=runtime, device=device)
    records, scores = _score(scorer, data.records)
    learned = learn_scale(
        plain,
        scores,
        [record.mos for record in records],
        *mos_range,
        name=name or out.name,
        of=f"ratings in {ratings.name}",
    )
    facts = {"checkpoint": checkpoint, "weights_sha256": plain.id, "training": read_training(checkpoint)}
    save_checkpoint(learned.checkpoint, out, {"calibrated": facts | {"ratings": ratings.name, "images": len(records)}})
    _print(learned, plain, mos_range)
    _warn(learned, plain, records)
    print(f"{out}: {learned.checkpoint.name}, weights {plain.id[:12]}, preprocessing {learned.checkpoint.preprocess}")
    if failed := len(data.records) - len(records):
        say(f"musiq: {failed} of {len(data.records)} images failed; the others were used")
        raise typer.Exit(1)


def _score(scorer: Scorer, records: Sequence["Record"]) -> tuple[list["Record"], list[Score]]:
    """The images that can be scored, and their scores; the others are named."""
    kept, scores = list["Record"](), list[Score]()
    with progress_bar("scoring", len(records)) as advance:
        for record, result in zip(records, scorer.score_many(record.image for record in records), strict=True):
            advance(record.name)
            if isinstance(result, ImageError):
                say(f"failed: {result}")
                continue
            kept.append(record)
            scores.append(result)
    return kept, scores


def _print(learned: "Learned", plain: Checkpoint, ends: MosRange) -> None:
    digits = decimals(*ends) + 1

    def row(what: str, error: "Error | None") -> tuple[str, str, str]:
        return (what, "-", "-") if error is None else (what, f"{error.rmse:.{digits}f}", f"{error.mae:.{digits}f}")

    print(f"{learned.ratings} ratings from {ends.low:g} to {ends.high:g}, SRCC {learned.srcc:.3f} with the scores")
    rows = (
        row("the new scale, on ratings not learned from", learned.own),
        row("without: the network's range laid over the scale", learned.plain),
        row("always the mean of the other ratings", learned.mean),
    )
    print_table(("error", "RMSE", "MAE"), rows, sys.stdout, right=("RMSE", "MAE"))
    if learned.half_width is not None and learned.checkpoint.calibration is not None:
        share = f"{100 * learned.checkpoint.calibration.coverage:.0f} %"
        print(f"{share} intervals: +-{learned.half_width:.{digits}f} on average")


def _warn(learned: "Learned", plain: Checkpoint, records: Sequence["Record"]) -> None:
    for warning in learned.warnings:
        say(f"musiq: warning: {warning}")
    if plain.training_images is None:
        return
    try:
        from musiq.data.seen import find_seen, read_seen

        seen = find_seen(read_seen(plain.training_images), records)
    except (ImportError, DataError) as error:
        say(f"musiq: not checked whether the network was trained on some of these images: {error}")
        return
    if seen:
        say(
            f"musiq: warning: {len(seen)} of {len(records)} images are near-duplicates of images that the network was "
            f"trained on, as {seen[0].test} of {seen[0].training}: of new images it may know less"
        )
