"""A user's program: every public name, with the types that a type checker gives them. mypy checks it strictly, here
and against the installed wheel (tools/release/installed.py), which also runs it:

    python tests/typing/user.py FOLDER
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import assert_type

import numpy as np
from numpy.typing import NDArray

import musiq
from musiq import (
    Checkpoint,
    CheckpointError,
    DataError,
    ImageError,
    MissingExtraError,
    MusiqError,
    RecipeError,
    Score,
    Scorer,
    load_checkpoint,
)


def show(score: Score) -> str:
    """A line for one score."""
    assert_type(score.mos, float)
    assert_type(score.distribution, tuple[float, ...] | None)
    assert_type(score.uncertainty, float | None)
    assert_type(score.interval, tuple[float, float] | None)
    assert_type(score.coverage, float | None)
    assert_type(score.percentile, float | None)
    assert_type(score.band, str | None)
    assert_type(score.low, float | None)
    assert_type(score.high, float | None)
    assert_type(score.higher_is_better, bool)
    assert_type(score.checkpoint, str)
    assert_type(score.weights, str)
    assert_type(score.preprocess, str)
    assert_type((score.height, score.width), tuple[int, int])
    assert_type(score.notes, tuple[str, ...])
    assert_type(score.training_data, tuple[str, ...])
    assert_type(score.population, str | None)
    assert_type(score.meaning(), str)
    assert_type(score.text(float(score)), str)
    low, high = score.interval or (score.mos, score.mos)
    return f"{score.mos:.1f} ({score.text(low)} to {score.text(high)}), {len(score.as_dict())} fields"


def score_folder(scorer: Scorer, folder: Path) -> Iterator[str]:
    """A line for each file."""
    paths = sorted(folder.iterdir())
    for path, result in zip(paths, scorer.score_many(paths), strict=True):
        if isinstance(result, ImageError):
            assert_type(result, ImageError)
            yield f"{path.name}: {result.kind}, {result}"
        else:
            assert_type(result, Score)
            yield f"{path.name}: {show(result)}"


def about(checkpoint: Checkpoint) -> str:
    """A line for a checkpoint."""
    assert_type(checkpoint.name, str)
    assert_type(checkpoint.weights, dict[str, NDArray[np.float32]])
    assert_type(checkpoint.score_range.words(), str)
    assert_type(checkpoint.training_images, bytes | None)
    figures = {name: value for measured in checkpoint.accuracy.values() for name, value in measured.items()}
    assert_type(figures, dict[str, float])
    return f"{checkpoint.name} {checkpoint.id[:8]} {checkpoint.preprocess} {checkpoint.licence} {sorted(figures)}"


def reason(error: MusiqError) -> str:
    """A word for what failed."""
    match error:
        case ImageError():
            return error.kind
        case CheckpointError() | DataError() | RecipeError():
            return "a file of musiq"
        case MissingExtraError():
            return "not installed"
    return "musiq"


def main(folder: Path) -> None:
    """Prints what the folder's photos score."""
    checkpoint = load_checkpoint("default")
    assert_type(checkpoint, Checkpoint)
    print(about(checkpoint))
    scorer = Scorer.load(checkpoint, runtime="onnx", precision="fp32", max_memory=2_000_000_000, max_patches=512)
    assert_type(scorer, Scorer)
    assert_type(scorer.checkpoint, Checkpoint)
    for line in score_folder(scorer, folder):
        print(line)
    grey: NDArray[np.uint8] = np.zeros((30, 40), np.uint8)
    assert_type(scorer.score(grey), Score)
    try:
        assert_type(musiq.score(folder / "none.jpg"), Score)
    except MusiqError as error:
        print(reason(error), musiq.__version__)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
