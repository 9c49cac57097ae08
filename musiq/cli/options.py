"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from musiq.memory import parse_bytes


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
    help="Worst and best value of the scale; a CSV does not tell.",
)
RangeOption = Annotated[MosRange | None, _RANGE]
RangesOption = Annotated[list[MosRange] | None, _RANGE]


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


def _parse_bytes(text: str) -> int:
    try:
        return parse_bytes(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


_MEMORY = typer.Option(
    "--max-memory", parser=_parse_bytes, metavar="SIZE", help="Stay under it, as in 2GB; larger images are refused."
)
MemoryOption = Annotated[int | None, _MEMORY]
