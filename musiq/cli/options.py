"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from musiq.memory import parse_bytes
from musiq.resize import Profile
from musiq.runtime.choose import Device, RuntimeName
from musiq.runtime.precision import Precision


class MosRange(NamedTuple):
    """Worst and best value of a rating scale."""

    low: float
    high: float


def parse_range(text: str) -> MosRange:
    """`1:5` as a range."""
    try:
        low, high = map(float, text.split(":"))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not LOW:HIGH, as in 1:5") from None
    return MosRange(low, high)


_RANGE = typer.Option(
    "--mos-range",
    parser=parse_range,
    metavar="LOW:HIGH",
    help="Worst and best value of the scale; a CSV does not tell. 100:1 turns ratings round of which lower is better.",
)
RangeOption = Annotated[MosRange | None, _RANGE]
RangesOption = Annotated[list[MosRange] | None, _RANGE]
SplitColumnOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Column of a CSV that holds its split; split or official_split if unset."),
]


def pair_ranges(data: list[str], images: list[Path], ranges: list[MosRange]) -> list[MosRange | None]:
    """The range of each data set: one each, or one for all CSVs while known sets keep their own."""
    if len(data) != len(images):
        raise ValueError(f"{len(data)} --data and {len(images)} --images; give one folder for each data set")
    if len(ranges) == len(data):
        return list(ranges)
    if len(ranges) > 1:
        raise ValueError(
            f"{len(data)} --data and {len(ranges)} --mos-range; give one for each data set, or one for all"
        )
    return [ranges[0] if ranges and Path(name).is_file() else None for name in data]


def pair_columns(data: list[str], column: str | None) -> list[str | None]:
    """The column of the split for each data set: known sets have a split of their own."""
    columns = [column if Path(name).is_file() else None for name in data]
    if column is not None and not any(columns):
        raise ValueError(f"--split-column {column} is of a CSV, and --data names none")
    return columns


def _parse_bytes(text: str) -> int:
    try:
        return parse_bytes(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def size_option(name: str, help: str) -> Any:
    """An option that takes bytes as people write them."""
    return typer.Option(name, parser=_parse_bytes, metavar="SIZE", help=help)


MemoryOption = Annotated[
    int | None, size_option("--max-memory", "Stay under it, as in 2GB; larger images are refused.")
]
FileMemoryOption = Annotated[int | None, size_option("--file-memory", "What decoding one file may take; 4GB if unset.")]
FileSecondsOption = Annotated[float, typer.Option(min=0.1, help="Give a file up that takes longer to read and decode.")]
CHECKPOINT = "Shipped name, checkpoint folder, .npz or .pth file, or hf://owner/name; #HASH pins its weights."
CheckpointOption = Annotated[str, typer.Option(help=CHECKPOINT)]
PreprocessOption = Annotated[
    Profile | None,
    typer.Option(help="Whose resize: the published code's, or the common port's; the checkpoint's own if unset."),
]
RecursiveOption = Annotated[bool, typer.Option("--recursive", "-r", help="Look into subfolders.")]
RuntimeOption = Annotated[RuntimeName, typer.Option(help="What executes the network; musiq doctor explains auto.")]
DeviceOption = Annotated[Device, typer.Option(help="Where it runs; cuda and mps need torch.")]
PrecisionOption = Annotated[Precision, typer.Option(help="bf16 and int8 where the processor has them.")]
ThreadsOption = Annotated[int | None, typer.Option(min=1, help="Threads of the network; one per core if unset.")]
WorkersOption = Annotated[int | None, typer.Option(min=1, help="Images in work at once; one per core if unset.")]
PixelsOption = Annotated[int, typer.Option(min=1, help="Refuse larger images before decoding.")]
PatchesOption = Annotated[int | None, typer.Option(min=1, help="Cap native patches: approximate, faster.")]
StoreOption = Annotated[
    Path | None, typer.Option(help="SQLite file that keeps scores: what it knows costs no scoring.")
]
RetryOption = Annotated[bool, typer.Option("--retry-errors", help="Try images again that failed in an earlier run.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")]
