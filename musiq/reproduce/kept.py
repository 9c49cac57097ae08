"""Features of images, kept in a folder so that a run that was stopped goes on and others need not compute them."""

import io
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from musiq.ahead import map_ahead
from musiq.atomic import write_file
from musiq.data.record import Record
from musiq.errors import DataError
from musiq.progress import progress_bar
from musiq.reproduce.statistics import SMALLEST_SIDE_PX, Floats, Pixels
from musiq.runtime.precision import core_count

SAVE_EVERY_S = 30.0


def kept_features(
    name: str, features: Callable[[Pixels], Floats], records: Sequence[Record], folder: Path | None
) -> Floats:
    """Features of each image, float64 `(N, F)`, in order; what the folder holds of them is not computed again.

    Args:
        name: stem of the file in the folder and title of the progress; one name for one kind of features.
        features: uint8 `(H, W, 3)` sRGB -> float64 `(F,)`, called from several threads.
        records: one image or more.
        folder: for one process at a time; None keeps nothing.

    Raises:
        DataError: an image cannot be read or is too small, or the folder's file is damaged.
    """
    path = None if folder is None else folder / f"{name}.npz"
    known = {} if path is None else _read(path)
    keys = [record.version for record in records]
    missing = {key: record for key, record in zip(keys, records, strict=True) if key not in known}
    if missing:
        _add(known, missing, partial(_features, features), name, path)
    return np.stack([known[key] for key in keys])


def _add(
    known: dict[str, Floats],
    missing: Mapping[str, Record],
    work: Callable[[Record], Floats],
    name: str,
    path: Path | None,
) -> None:
    """Adds what is missing to what is known, and saves all of it now and then and at the end, be it an error."""
    saved = time.monotonic()
    try:
        with progress_bar(name, len(missing)) as advance, ThreadPoolExecutor(core_count()) as pool:
            computed = map_ahead(pool, work, missing.values(), 4 * core_count())
            for key, row in zip(missing, computed, strict=True):
                known[key] = row
                advance("")
                if time.monotonic() - saved > SAVE_EVERY_S:
                    _write(path, known)
                    saved = time.monotonic()
    finally:
        _write(path, known)


def _features(features: Callable[[Pixels], Floats], record: Record) -> Floats:
    pixels = record.needed_pixels()
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST_SIDE_PX:
        raise DataError(f"{record.image}: {height} x {width} pixels; each side needs {SMALLEST_SIDE_PX}")
    return features(pixels)


def _read(path: Path) -> dict[str, Floats]:
    if not path.exists():
        return {}
    try:
        with np.load(path, allow_pickle=False) as held:
            return dict(zip(held["keys"].tolist(), held["features"], strict=True))
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: no features that can be read; delete the file: {error}") from error


def _write(path: Path | None, known: Mapping[str, Floats]) -> None:
    if path is None or not known:
        return
    content = io.BytesIO()
    np.savez(content, keys=np.array(list(known)), features=np.stack(list(known.values())))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, content.getvalue())
