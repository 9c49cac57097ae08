"""Options that several commands share."""

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


def _parse_bytes(text: str) -> int:
    try:
        return parse_bytes(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


_MEMORY = typer.Option(
    "--max-memory", parser=_parse_bytes, metavar="SIZE", help="Stay under it, as in 2GB; larger images are refused."
)
MemoryOption = Annotated[int | None, _MEMORY]
