"""Where rows go: a table for people; CSV, JSONL and Parquet for programs, each continued where a run was cut off."""

from musiq.outputs.opening import lasting_format, open_output
from musiq.outputs.output import Format, Lasting, Output
from musiq.outputs.reading import read_rows

__all__ = ["Format", "Lasting", "Output", "lasting_format", "open_output", "read_rows"]
