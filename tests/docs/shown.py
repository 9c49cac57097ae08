"""Whether what a page shows as output is what came out."""

import re

_PIECE = re.compile(r"\[\.\.\.\]|\.\.\.|-?\d[\d,]*(?:\.\d+)?(?:\s*%)?|\s+|.", re.DOTALL)
_NUMBER = re.compile(r"(-?\d[\d,]*(?:\.\d+)?)(\s*%)?")


def differs(shown: str, came: str) -> str | None:
    """None where `shown` is within `came`, else why it is not.

    White space compares as one space. `...` and `[...]` stand for anything. Numbers with decimals may be off by two of
    their last digit and percentages by one, for processors round differently; other numbers are equal.
    """
    pieces = _PIECE.findall(shown.strip())
    found = re.search("".join(map(_as_pattern, pieces)), came, re.DOTALL)
    if not found:
        return "what is shown is not in the output"
    numbers = [match for match in map(_NUMBER.fullmatch, pieces) if match]
    for number, value in zip(numbers, found.groups(), strict=True):
        if abs(_value(number[1]) - _value(value)) > _tolerance(number[1], percent=bool(number[2])):
            return f"{number[1]} is shown, {value} came out"
    return None


def _as_pattern(piece: str) -> str:
    if piece in ("...", "[...]"):
        return ".*?"
    if piece.isspace():
        return r"\s+"
    if not (number := _NUMBER.fullmatch(piece)):
        return re.escape(piece)
    decimals = _decimals(number[1])
    return r"(-?\d[\d,]*" + (rf"\.\d{{{decimals}}}" if decimals else "") + ")" + (r"\s*%" if number[2] else "")


def _value(number: str) -> float:
    return float(number.replace(",", ""))


def _decimals(number: str) -> int:
    return len(number.partition(".")[2])


def _tolerance(number: str, *, percent: bool) -> float:
    decimals = _decimals(number)
    return max(2.01 * 10**-decimals if decimals else 0.0, float(percent))
