"""Rows as JSONL: an object per line, with every column."""

import json
import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from musiq.outputs.lines import Record, damaged
from musiq.rows import COLUMNS, Row

_ALL = set(COLUMNS)
_BLOCK = 1 << 16


class Jsonl:
    """How rows stand in a JSONL file."""

    header = b""
    start = b'{"path": "'

    def encode(self, row: Row) -> bytes:
        return json.dumps(row.as_dict()).encode() + b"\n"

    def end(self, file: BinaryIO, name: str) -> int:
        position = file.seek(0, os.SEEK_END)
        while position:
            below = max(position - _BLOCK, 0)
            file.seek(below)
            found = file.read(position - below).rfind(b"\n")
            if found >= 0:
                return below + found + 1
            position = below
        return 0

    def records(self, lines: Iterable[bytes], name: str) -> Iterator[Record]:
        for number, line in enumerate(lines, start=1):
            try:
                row = _row(line)
            except ValueError as error:
                raise damaged(f"{name}, line {number}", error) from error
            yield Record(number, line, row)


def _row(line: bytes) -> Row:
    values = json.loads(line)
    if not isinstance(values, dict) or not isinstance(values.get("path"), str):
        raise ValueError("no object with a path")
    if not values.keys() >= _ALL:
        raise ValueError(f"without {', '.join(name for name in COLUMNS if name not in values)}")
    return Row.from_dict(values)
