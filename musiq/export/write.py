"""A checkpoint -> a folder with one file for another runtime, which scores as it does, and how the file is fed."""

import tempfile
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from musiq.atomic import write_folder
from musiq.checkpoint import Checkpoint
from musiq.errors import OutputError
from musiq.export.check import Agreement, check, made_up_pictures
from musiq.export.facts import FormatName, preprocess_json, readme
from musiq.export.network import Exported
from musiq.image import DecodedImage
from musiq.scorer import Scorer


def export_checkpoint(
    checkpoint: Checkpoint, format: FormatName, out: Path, photos: Iterable[DecodedImage] | None = None
) -> Agreement:
    """Writes the folder and tells how far its scores are from the checkpoint's, as its own runtime computes them from
    the file.

    Args:
        checkpoint: one that scores.
        out: the folder, whole or not at all.
        photos: what scores are compared on; None for pictures that are made up.

    Raises:
        CheckpointError: the checkpoint has no score to give.
        MissingExtraError: the format's runtime is not installed.
        OutputError: scores differ by more than `check.TOLERANCE`, or the disk does not take the files.
    """
    scorer = Scorer.load(checkpoint)  # refuses what gives no score
    kind = import_module(f"musiq.export.{format.replace('-', '_')}")
    with tempfile.TemporaryDirectory(prefix="musiq-export-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        kind.write(Exported(checkpoint), folder)
        agreement = check(kind.load(folder), scorer, made_up_pictures() if photos is None else photos)
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
    beside = {"preprocess.json": preprocess_json(checkpoint), "README.md": readme(checkpoint, kind.FILE, kind.CODE)}
    try:
        write_folder(out, files | beside)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror}") from error
    return agreement
