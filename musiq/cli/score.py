"""`musiq score`."""

import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from musiq import __version__
from musiq.cli.engines import EngineName, ScorerOptions, open_engine, refuse_nothing
from musiq.cli.options import (
    CheckpointOption,
    DeviceOption,
    FileMemoryOption,
    FileSecondsOption,
    MemoryOption,
    PatchesOption,
    PixelsOption,
    PrecisionOption,
    PreprocessOption,
    QuietOption,
    RecursiveOption,
    RetryOption,
    RuntimeOption,
    StoreOption,
    ThreadsOption,
    WorkersOption,
)
from musiq.decode.limits import Limits
from musiq.image import MAX_PIXELS
from musiq.inputs.expand import Inputs
from musiq.outputs import Format, Output, lasting_format, open_output
from musiq.progress import progress_bar, say
from musiq.rows import Row
from musiq.runs.log import EventLog
from musiq.runs.run import Told, run
from musiq.runs.summary import Summary

INTERRUPTED = 130  # exit code after Ctrl-C

PathsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...",
        help="Images, folders, globs; archives (tar, zip, WebDataset); tables (CSV, Parquet) and lists (.lst, - for "
        "stdin) of paths; Hugging Face data sets on disk; addresses (s3://...).",
    ),
]


def score(
    paths: PathsArgument,
    checkpoint: CheckpointOption = "default",
    preprocess: PreprocessOption = None,
    format: Annotated[
        Format | None, typer.Option(help="How results are written; by the suffix of --output if unset, else table.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="File (Parquet: folder) for the results instead of stdout; it is continued: paths in it are skipped, "
            "even if the file has changed since, of which a line at the end tells. --store knows changed files."
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Start the output anew instead.")] = False,
    store: StoreOption = None,
    retry_errors: RetryOption = False,
    recursive: RecursiveOption = False,
    column: Annotated[str | None, typer.Option(help="Column of tables that holds paths or images.")] = None,
    relative_to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of relative paths in lists and tables.")
    ] = None,
    runtime: RuntimeOption = "auto",
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "fp32",
    threads: ThreadsOption = None,
    workers: WorkersOption = None,
    max_pixels: PixelsOption = MAX_PIXELS,
    max_memory: MemoryOption = None,
    max_patches: PatchesOption = None,
    file_seconds: FileSecondsOption = Limits.seconds,
    file_memory: FileMemoryOption = None,
    quiet: QuietOption = False,
    engine: Annotated[EngineName, typer.Option(help="Where images are scored: here, or on a Ray cluster.")] = "local",
    address: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Of the Ray cluster.")] = None,
    log: Annotated[Path | None, typer.Option(help="File that gets a JSON object per event.")] = None,
) -> None:
    """Score images: higher is better. An interrupted run goes on where it was when it is started again.

    Exit 0; 1 when some files failed (each is named); 2 for wrong usage; 130 after Ctrl-C.
    """
    form: Format = format or ("table" if output is None else lasting_format(output, None))
    to_stdout = output is None and (store is None or format is not None)
    options = ScorerOptions(
        checkpoint, runtime, device, precision, threads, workers, max_pixels, max_memory, max_patches, preprocess
    )
    limits = Limits(file_seconds, file_memory or Limits.memory, max_pixels)
    with ExitStack() as stack:
        inputs = Inputs(tuple(stack.enter_context(_spooled(paths))), recursive, column, relative_to)
        refuse_nothing(inputs, paths)
        events = stack.enter_context(EventLog(log))
        opening = open_engine(engine, address, options, limits, store, retry_errors)
        scorer, opened, summary = stack.enter_context(opening)
        goes_on = _what_goes_on(store, None if form == "table" else output, overwrite)
        stack.enter_context(_early_ends(events, summary, goes_on))
        rows: Output | None = None
        if to_stdout or output is not None:
            rows = stack.enter_context(
                open_output(output, form, overwrite=overwrite, retry_errors=retry_errors, scoring=scorer.scoring)
            )
        live = not (to_stdout and form != "table" and sys.stdout.isatty())  # a bar would run through the rows
        advance = None if quiet else stack.enter_context(progress_bar("scoring", None, live=live))
        events.write(
            "start", version=__version__, inputs=paths, checkpoint=checkpoint, engine=engine, **vars(scorer.scoring)
        )
        done = rows.done() if rows is not None else ()
        told: Told = {"summary": summary, "advance": advance, "log": events}
        new = run(inputs, scorer, done=done, store=opened, count=inputs.quick, **told)
        _write(new, rows)
        events.write("end", **summary.as_dict())
    _close(summary, quiet, shown=to_stdout and form == "table")


def _write(new: Generator[Row, None, None], rows: Output | None) -> None:
    with closing(new):
        for row in new:
            if rows is not None:
                rows.write(row)


@contextmanager
def _early_ends(events: EventLog, summary: Summary, goes_on: str) -> Iterator[None]:
    """Context that Ctrl-C, or a reader of stdout that has seen enough, leaves in good order."""
    try:
        yield
    except KeyboardInterrupt:
        events.write("interrupted", **summary.as_dict())
        kept = f"; {summary.rows} rows are kept, {goes_on} goes on" if goes_on else ""
        say(f"musiq: interrupted{kept}")
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None


def _what_goes_on(store: Path | None, output: Path | None, overwrite: bool) -> str:
    """Which command goes on with the rows that are kept; none where they are kept nowhere."""
    if store is None and output is None:
        return ""
    return "the command without --overwrite" if overwrite and output is not None else "the same command"


def _close(summary: Summary, quiet: bool, shown: bool) -> None:
    """Says what came out; of rows that were `shown` only what their numbers mean."""
    for line in () if quiet else summary.meaning_lines() if shown else summary.lines():
        say(line)
    for line in summary.warnings():
        say(f"musiq: {line}")
    if summary.failed:
        say(f"musiq: {summary.failed} of {summary.rows} files failed; each is named in the results")
        raise typer.Exit(1)


@contextmanager
def _spooled(names: list[str]) -> Iterator[list[str]]:
    """The names, with the list on stdin in a file instead of `-`: it is gone through twice."""
    if "-" not in names:
        yield names
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stdin.lst"
        with open(path, "wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield [str(path) if name == "-" else name for name in names]
