"""A row as columns and JSON of what the columns do not say."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from musiq.rows import Row

DEFAULTS = {field.name: field.default for field in fields(Row)}


def pack(row: Row, columns: Mapping[str, Any]) -> str:
    """JSON of the fields that differ from what the columns give, or else from the defaults."""
    given = {**DEFAULTS, **columns}
    rest = {name: value for name, default in given.items() if (value := getattr(row, name)) != default}
    return json.dumps(rest, separators=(",", ":"))


def unpack(columns: Mapping[str, Any], rest: str) -> Row:
    """The row that was packed."""
    return Row.from_dict({**columns, **json.loads(rest)})
