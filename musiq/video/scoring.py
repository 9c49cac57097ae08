"""Scores of frames, and a clip's rows."""

import os
from collections import deque
from collections.abc import Iterable, Iterator

from musiq.errors import ImageError
from musiq.image import DecodedImage
from musiq.inputs.item import portable
from musiq.rows import Row
from musiq.scorer import Scorer
from musiq.scores import Score
from musiq.video.sample import Frame
from musiq.video.summary import Summary


def frame_name(path: str | os.PathLike[str], time_s: float) -> str:
    """What the row of a frame is called: `clip.mp4!12.480s`."""
    return f"{portable(os.fspath(path))}!{time_s:.3f}s"


def score_frames(
    scorer: Scorer, path: str | os.PathLike[str], frames: Iterable[Frame]
) -> Iterator[tuple[float, Score | ImageError]]:
    """Time in seconds and score of each frame, as `Scorer.score` scores its pixels; lazily, in order.

    Raises:
        ImageError: what `frames` raised, after the scores of all frames before it.
    """
    times, failures = deque[float](), list[ImageError]()

    def images() -> Iterator[DecodedImage]:
        try:
            for frame in frames:
                times.append(frame.time_s)
                yield DecodedImage(frame.pixels, frame_name(path, frame.time_s), frame.notes)
        except ImageError as error:
            failures.append(error)

    for result in scorer.score_many(images()):
        yield times.popleft(), result
    if failures:
        raise failures[0]


def clip_rows(scorer: Scorer, path: str | os.PathLike[str], frames: Iterable[Frame], summary: Summary) -> Iterator[Row]:
    """A row for each frame; then, where the clip cannot be read to its end, one for the clip, which says why.

    Args:
        summary: takes in what the rows say.
    """
    try:
        for time_s, result in score_frames(scorer, path, frames):
            summary.add(time_s, result)
            yield scorer.make_row(frame_name(path, time_s), result)
    except ImageError as error:
        row = scorer.make_row(portable(os.fspath(path)), error)
        summary.fail(f"{row.kind}: {row.error}")
        yield row
