"""The columns of a row by what they hold."""

from typing import Literal, get_type_hints

from musiq.rows import COLUMNS, Row

Cell = Literal["text", "number", "count", "texts", "numbers"]
_CELLS: dict[object, Cell] = {
    str: "text",
    str | None: "text",
    float | None: "number",
    int | None: "count",
    tuple[str, ...]: "texts",
    tuple[float, ...] | None: "numbers",
}
_TYPES = get_type_hints(Row)
CELLS = {name: _CELLS[_TYPES[name]] for name in COLUMNS}
