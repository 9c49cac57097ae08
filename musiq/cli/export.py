"""`musiq export`."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from musiq.cli.checkpoints import refuse_to_overwrite
from musiq.cli.engines import refuse_nothing
from musiq.cli.options import CHECKPOINT
from musiq.decode.limits import Limits
from musiq.errors import ImageError
from musiq.export.facts import FormatName
from musiq.image import DecodedImage, load_image
from musiq.inputs.expand import Inputs
from musiq.progress import progress_bar
from musiq.sources import load_checkpoint


def export(
    checkpoint: Annotated[str, typer.Argument(help=CHECKPOINT)],
    to: Annotated[FormatName, typer.Option(help="Format of the file.")],
    out: Annotated[Path, typer.Option(help="Folder to write; must not exist or be empty.")],
    check: Annotated[
        list[str] | None,
        typer.Option(metavar="PHOTO", help="Photo, or folder of photos, to compare scores on; may be repeated."),
    ] = None,
) -> None:
    """Write a checkpoint as one file for servers without musiq, with a preprocess.json and a README.md beside it.

    The file is loaded back by its own runtime and must score as the checkpoint does, each photo alone and padded
    together with others; otherwise nothing is written. Without --check it is compared on made-up pictures. Needs
    musiq[train], and musiq[openvino] for openvino.
    """
    refuse_to_overwrite(out)
    inputs = None if check is None else Inputs(tuple(check))
    if check and inputs:
        refuse_nothing(inputs, check)
    from musiq.export.write import export_checkpoint

    loaded = load_checkpoint(checkpoint)
    found = export_checkpoint(loaded, to, out, None if inputs is None else _photos(inputs))
    size = sum(path.stat().st_size for path in out.glob("model.*"))
    print(f"{out}: {loaded.name} as {to}, {size / 1e6:.1f} MB, weights {loaded.id[:12]}")
    what = "photos" if inputs is not None else "made-up pictures (--check compares on photos of yours)"
    print(f"checked on {found.photos} {what}, each alone and padded together")
    print(f"largest difference of a score: {_up(found.largest)} ({found.at})")


def _up(difference: float) -> str:
    """Two digits, rounded up: no difference is larger."""
    if difference == 0:
        return "0"
    unit = 10.0 ** (math.floor(math.log10(difference)) - 1)
    return f"{math.ceil(difference / unit) * unit:.1e}"


def _photos(inputs: Inputs) -> Iterator[DecodedImage]:
    """The photos, decoded one after another.

    Raises:
        ImageError: one cannot be read; names it.
    """
    with progress_bar("checking", None) as advance:
        for item in inputs:
            try:
                decoded = load_image(item.source.read(Limits().file_bytes))
            except ImageError as error:
                raise ImageError(f"{item.name}: {error}", error.kind) from error
            yield replace(decoded, name=item.name)
            advance(item.name.rpartition("/")[2])
