"""`musiq score`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

from musiq.cli.options import MemoryOption
from musiq.cli.paths import expand
from musiq.cli.rows import WRITERS, Format, make_row
from musiq.errors import ImageError
from musiq.image import MAX_PIXELS
from musiq.progress import progress_bar
from musiq.runtime.choose import Device, RuntimeName
from musiq.runtime.precision import Precision
from musiq.scorer import Scorer


def score(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Images, folders of images, or globs.")],
    checkpoint: Annotated[str, typer.Option(help="Shipped name, checkpoint folder, .npz or .pth file.")] = "default",
    format: Annotated[Format, typer.Option(help="How results are written.")] = "table",
    output: Annotated[Path | None, typer.Option(help="File for the results instead of stdout.")] = None,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Look into subfolders.")] = False,
    runtime: Annotated[
        RuntimeName, typer.Option(help="What executes the network; musiq doctor explains auto.")
    ] = "auto",
    device: Annotated[Device, typer.Option(help="Where it runs; cuda and mps need torch.")] = "cpu",
    precision: Annotated[Precision, typer.Option(help="bf16 and int8 where the processor has them.")] = "fp32",
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of the network; one per core if unset.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Images in work at once; one per core if unset.")] = None,
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse larger images before decoding.")] = MAX_PIXELS,
    max_memory: MemoryOption = None,
    max_patches: Annotated[int | None, typer.Option(min=1, help="Cap native patches: approximate, faster.")] = None,
) -> None:
    """Score images: higher is better. Exit 0; 1 when some files failed (each is named); 2 for wrong usage."""
    files = list(expand(paths, recursive))
    if not files:
        raise ValueError(f"no images in {', '.join(paths)}" + ("" if recursive else " (subfolders: --recursive)"))
    scorer = Scorer.load(
        checkpoint,
        runtime=runtime,
        device=device,
        precision=precision,
        threads=threads,
        workers=workers,
        max_pixels=max_pixels,
        max_memory=max_memory,
        max_patches=max_patches,
    )
    failed = 0
    streamed = output is None and format != "table" and sys.stdout.isatty()  # a bar would run through the rows
    with _open_output(output) as file, progress_bar("scoring", len(files), live=not streamed) as advance:
        writer = WRITERS[format](file)
        for path, result in zip(files, scorer.score_many(files), strict=True):
            writer.write(make_row(path, result))
            failed += isinstance(result, ImageError)
            advance(path.name)
        writer.close()
    if failed:
        print(f"musiq: {failed} of {len(files)} files failed; each is named in the results", file=sys.stderr)
        raise typer.Exit(1)


@contextmanager
def _open_output(path: Path | None) -> Iterator[IO[str]]:
    if path is None:
        yield sys.stdout
        return
    try:
        file = open(path, "w", encoding="utf-8", newline="")  # noqa: SIM115  closed below
    except OSError as error:
        raise ValueError(f"--output {path}: {error.strerror}") from error
    with file:
        yield file
