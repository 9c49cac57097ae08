"""The list of training images that a run's checkpoint carries, so that evaluation can warn of leakage."""

from collections.abc import Sequence
from pathlib import Path

from musiq.atomic import write_file
from musiq.checkpoint import Checkpoint
from musiq.data.record import Record
from musiq.data.seen import seen_list

LIST_FILE = "training_images.csv"


def list_training_images(records: Sequence[Record], start: Checkpoint | None, run: Path, workers: int) -> bytes | None:
    """Name and perceptual hash of every image of the run, and of the checkpoint that it started from.

    Made once per run; a resumed run finds it in its folder. None where there are no images to list.
    """
    path = run / LIST_FILE
    if not path.exists():
        if not records:
            return None
        ours = seen_list(records, workers)
        earlier = (start.training_images or b"") if start else b""
        write_file(path, ours + earlier.partition(b"\n")[2])
    return path.read_bytes()
