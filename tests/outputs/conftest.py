from dataclasses import replace
from pathlib import Path

import pytest

from musiq.outputs import open_output
from musiq.outputs.parquet import ParquetOutput
from musiq.rows import Row, Scoring

SCORING = Scoring("a" * 64, "google-v1/native/p32/g10/max12000", "fp32")
GOOD = Row(
    "plain.jpg",
    score=61.2,
    interval_low=61.1 + 0.2 / 3,
    interval_high=61.5,
    coverage=0.9,
    percentile=62.5,
    band="good",
    low=0.0,
    high=100.0,
    distribution=(0.1, 0.7, 0.2),
    checkpoint="default",
    weights="a" * 64,
    preprocess="google-v1/native/p32/g10",
    runtime="onnx",
    precision="fp32",
    width=4000,
    height=3000,
    bytes=2**40,
    content="0f" * 16,
    notes=("EXIF orientation 6 applied", "alpha over white"),
    seconds=1e-300,
    time="2025-11-25T17:20:00+00:00",
)
NASTY = (
    "a\nb",
    'quo"te',
    '"',
    '"\n',
    "com,ma",
    "Grüße",
    "🖼\n,🖼",
    "a\rb",
    "c\r\nd",
    "\x00\x1b[31m",
    " ",
    "\u2028",
    "x\\",
)


@pytest.fixture
def rows() -> list[Row]:
    """Scores and errors of names that are hard to write down."""
    scores = [replace(GOOD, path=name, score=index / 7) for index, name in enumerate(NASTY)]
    return [*scores, Row("empty\n.jpg", kind="empty", error='"empty\n.jpg": empty, really'), replace(GOOD, notes=())]


@pytest.fixture
def open_as():
    """Opens an output; a Parquet part then has three rows."""

    def call(path: Path, format: str, **options):
        if format == "parquet":
            return ParquetOutput(path, rows_per_part=3, **options)
        return open_output(path, format, **options)

    return call


@pytest.fixture
def write_all(open_as):
    """What a run does that was cut off and starts again: writes the rows that are not done."""

    def call(path: Path, format: str, rows: list[Row], **options):
        with open_as(path, format, **options) as output:
            done = {row.path for row in output.done()}
            for row in rows:
                if row.path not in done:
                    output.write(row)

    return call
