"""`musiq video`."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from musiq.cli.options import (
    CheckpointOption,
    DeviceOption,
    MemoryOption,
    PatchesOption,
    PixelsOption,
    PrecisionOption,
    PreprocessOption,
    QuietOption,
    RuntimeOption,
    ThreadsOption,
    WorkersOption,
)
from musiq.errors import ImageError
from musiq.image import MAX_PIXELS
from musiq.inputs.item import portable
from musiq.outputs import Lasting, Output, lasting_format, open_output
from musiq.progress import progress_bar, say
from musiq.scorer import Scorer
from musiq.tables import print_table
from musiq.video import Summary, clip_rows, expected_frames, frames

CAUTION = (
    "musiq: frame quality, not video quality: motion, flicker, stutter and sound are not judged; "
    "low is the 5th percentile of a clip's frames"
)


def video(
    clips: Annotated[list[Path], typer.Argument(metavar="CLIP...", help="Video files.")],
    every: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="From one frame to the next; 1 if unset.")
    ] = None,
    count: Annotated[
        int | None, typer.Option("--frames", min=1, help="So many, spread evenly over each clip, instead.")
    ] = None,
    max_frames: Annotated[
        int | None, typer.Option(min=1, help="Of a clip at most; where there are more, so many spread evenly.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="File (Parquet: folder) for a row per frame, clip.mp4!12.480s; it is replaced.")
    ] = None,
    format: Annotated[Lasting | None, typer.Option(help="Of --output; by its suffix if unset.")] = None,
    checkpoint: CheckpointOption = "default",
    preprocess: PreprocessOption = None,
    runtime: RuntimeOption = "auto",
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "fp32",
    threads: ThreadsOption = None,
    workers: WorkersOption = None,
    max_pixels: PixelsOption = MAX_PIXELS,
    max_memory: MemoryOption = None,
    max_patches: PatchesOption = None,
    quiet: QuietOption = False,
) -> None:
    """Score frames of video clips as images: how good they look, and when they look worst and best.

    It is frame quality and not video quality: motion, flicker, stutter and sound are not judged. Of each clip it prints
    the mean, low (the 5th percentile of its frames, numpy.percentile: what the worst moments are like), and the worst
    and the best frame with their times, from the first frame on. HDR is not tone-mapped. What can be decoded of a
    damaged clip is scored. Exit 0; 1 when some clips failed (each is named); 2 for wrong usage.
    """
    if every is not None and count is not None:
        raise ValueError("say either --every or --frames")
    if format is not None and output is None:
        raise ValueError(f"--format {format} is of --output, which is missing")
    take: dict[str, Any] = {"every_s": 1.0 if every is None else every, "count": count, "max_frames": max_frames}
    take["max_pixels"] = max_pixels
    expected = sum(_expect(clip, take) for clip in dict.fromkeys(clips))
    scorer = Scorer.load(
        checkpoint,
        preprocess=preprocess,
        runtime=runtime,
        device=device,
        precision=precision,
        threads=threads,
        workers=workers,
        max_pixels=max_pixels,
        max_memory=max_memory,
        max_patches=max_patches,
    )
    summaries = {clip: Summary(scorer.checkpoint.score.higher_is_better) for clip in clips}
    with ExitStack() as stack:
        rows = None if output is None else stack.enter_context(_open(output, format))
        advance = None if quiet else stack.enter_context(progress_bar("scoring", expected))
        for clip, summary in summaries.items():
            for row in clip_rows(scorer, clip, frames(clip, **take), summary):
                if rows is not None:
                    rows.write(row)
                if advance is not None:
                    advance(row.path)
    _close(summaries, quiet)


def _expect(clip: Path, take: dict[str, Any]) -> int:
    try:
        return expected_frames(clip, **take)
    except ImageError:
        return 1  # a row that says why


def _open(path: Path, format: Lasting | None) -> Output:
    return open_output(path, lasting_format(path, format), overwrite=True)


def _close(summaries: dict[Path, Summary], quiet: bool) -> None:
    columns = ("frames", "mean", "low", "worst", "at", "best", "at", "clip", "remarks")
    print_table(columns, map(_cells, summaries, summaries.values()), sys.stdout, right=columns[:7])
    if not quiet:
        say(CAUTION)
    if failed := sum(not summary.whole for summary in summaries.values()):
        say(f"musiq: {failed} of {len(summaries)} clips failed; each is named above")
        raise typer.Exit(1)


def _cells(clip: Path, summary: Summary) -> tuple[str, ...]:
    numbers = ("-",) * 6
    if summary.frames:
        (worst, worst_s), (best, best_s) = summary.worst, summary.best
        marks = (f"{worst:.2f}", f"{worst_s:.3f} s", f"{best:.2f}", f"{best_s:.3f} s")
        numbers = (f"{summary.mean:.2f}", f"{summary.low:.2f}", *marks)
    remarks = [*summary.notes, *([f"{summary.failed} frames failed"] if summary.failed else [])]
    if summary.reason is not None:
        remarks.append(summary.reason)
    return (str(summary.frames), *numbers, portable(str(clip)).replace("\n", "\ufffd"), ", ".join(remarks))
