"""Quality without a network: statistics of natural scenes and a regressor, on the same splits as our networks.

images -> features (kept in a folder) -> regressor fitted to the training mos -> predictions for the test images
"""

import io
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from musiq.ahead import map_ahead
from musiq.atomic import write_file
from musiq.data.record import Record
from musiq.errors import DataError, ImageError, MissingExtraError
from musiq.progress import progress_bar
from musiq.runtime.precision import core_count

try:
    import cv2
    from scipy import ndimage
    from sklearn.base import clone
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV, GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR
except ImportError:
    raise MissingExtraError("the classical baselines", "classical") from None

SMALLEST_SIDE_PX = 16  # one block of PIQE; below it BRISQUE's second scale holds too little to fit
FOLDS = 3
TUNING_IMAGES = 2000  # the SVR's time grows with their square
SAVE_EVERY_S = 30.0
Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]


def brisque_features(pixels: Pixels) -> Floats:
    """The 36 features of BRISQUE (Mittal et al., TIP 2012, table I), float64 `(36,)`, as OpenCV computes them.

    Moments of a flat image, undefined in OpenCV, are 0.
    """
    bgr = np.ascontiguousarray(pixels[..., ::-1])
    found = cv2.quality.QualityBRISQUE.computeFeatures(bgr)[0].astype(np.float64)
    return np.where(np.isfinite(found), found, 0.0)


def nss_statistics(pixels: Pixels) -> Floats:
    """Twelve plain statistics, float64 `(12,)`: the floor that any learned method must clear.

    Mean, standard deviation, skewness and excess kurtosis of the MSCN coefficients at full and at half size; mean and
    standard deviation of the luma; colourfulness; sharpness (logarithm of the variance of the Laplacian).
    """
    grey = luma(pixels)
    sharpness = np.log1p(ndimage.laplace(grey).var())
    naturalness = [moment for size in (grey, halved(grey)) for moment in moments(mscn(size))]
    return np.array([*naturalness, grey.mean(), grey.std(), colourfulness(pixels), sharpness])


def luma(pixels: Pixels) -> Floats:
    """Luma, whole numbers in float64 `(H, W)`, 0 to 255: the thresholds of PIQE belong to 8 bits."""
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float64)


def halved(grey: Floats) -> Floats:
    """Means of 2 x 2 pixels, `(H // 2, W // 2)`."""
    height, width = (side // 2 for side in grey.shape)
    return grey[: 2 * height, : 2 * width].reshape(height, 2, width, 2).mean(axis=(1, 3))


def mscn(grey: Floats) -> Floats:
    """Mean-subtracted, contrast-normalised coefficients of `(H, W)`, the same shape (Mittal et al., eq. 1 to 3)."""
    blur = partial(ndimage.gaussian_filter, sigma=7 / 6, mode="nearest", radius=3)
    mean = blur(grey)
    deviation = np.sqrt(np.abs(blur(grey**2) - mean**2))  # rounding may take it below 0
    return (grey - mean) / (deviation + 1)


def moments(values: Floats) -> tuple[float, float, float, float]:
    """Mean, standard deviation, skewness and excess kurtosis; of equal values the last three are 0."""
    mean, deviation = float(values.mean()), float(values.std())
    if deviation < 1e-9:
        return mean, 0.0, 0.0, 0.0
    unit = (values - mean) / deviation
    square = unit * unit
    return mean, deviation, float((square * unit).mean()), float((square * square).mean() - 3)


def colourfulness(pixels: Pixels) -> float:
    """How strong the colours are, 0 for grey (Hasler and Süsstrunk, 2003)."""
    red, green, blue = np.moveaxis(pixels.astype(np.float64), -1, 0)
    axes = red - green, (red + green) / 2 - blue
    spread, offset = (np.hypot(*(measure(axis) for axis in axes)) for measure in (np.std, np.mean))
    return float(spread + 0.3 * offset)


def piqe(pixels: Pixels) -> float:
    """PIQE, 0 (best) to 100 (Venkatanath et al., NCC 2015): how distorted the blocks are that have structure.

    Columns and rows that fill no block of 16 x 16 are left out.
    """
    coefficients = mscn(luma(pixels))
    rows, columns = (side // 16 for side in coefficients.shape)
    blocks = coefficients[: 16 * rows, : 16 * columns].reshape(rows, 16, columns, 16).swapaxes(1, 2).reshape(-1, 16, 16)
    variance = blocks.var(axis=(1, 2), ddof=1)
    active = variance > 0.1
    blocks, variance = blocks[active], variance[active]
    distortion = np.where(_artefact(blocks), 1 - variance, 0) + np.where(_noise(blocks, variance), variance, 0)
    return float(100 * (distortion.sum() + 1) / (len(blocks) + 1))


def _artefact(blocks: Floats) -> NDArray[np.bool_]:
    """Whether six neighbours on an edge of the block are nearly equal, as they are along block borders of a codec."""
    edges = np.stack([blocks[:, 0], blocks[:, -1], blocks[:, :, 0], blocks[:, :, -1]], axis=1)
    segments = sliding_window_view(edges, 6, axis=2)  # (N, 4, 11, 6)
    return np.asarray((segments.std(axis=3, ddof=1) < 0.1).any(axis=(1, 2)))


def _noise(blocks: Floats, variance: Floats) -> NDArray[np.bool_]:
    """Whether the block's two middle columns vary about as much, for its deviation, as those around them."""
    centre, surround = blocks[:, :, 7:9], np.delete(blocks, (7, 8), axis=2)
    ratio = centre.std(axis=(1, 2), ddof=1) / np.maximum(surround.std(axis=(1, 2), ddof=1), 1e-12)
    deviation = np.sqrt(variance)
    return np.asarray(deviation > 2 * np.abs(deviation - ratio) / np.maximum(deviation, ratio))


def negated_piqe(pixels: Pixels) -> Floats:
    """PIQE turned round so that higher is better, float64 `(1,)` in [-100, 0]."""
    return np.array([-piqe(pixels)])


def _scaled(regressor: Any) -> Any:
    """The regressor between scalers of features and mos, so that its settings suit any set's units."""
    return TransformedTargetRegressor(make_pipeline(StandardScaler(), regressor), transformer=StandardScaler())


@dataclass(frozen=True)
class Method:
    """A way from pixels to a prediction.

    Attributes:
        file: name under which its features are kept; its number grows when what they mean changes.
        features: uint8 `(H, W, 3)` sRGB -> float64 `(F,)`; without a regressor `(1,)`, the score, higher is better.
        regressor: makes scikit-learn's regressor; None for a method that no ratings teach.
        candidates: values of the regressor's settings to choose from.
    """

    file: str
    features: Callable[[Pixels], Floats]
    regressor: Callable[[], Any] | None = None
    candidates: Mapping[str, Sequence[float]] = field(default_factory=dict)


METHODS: dict[str, Method] = {
    "NSS statistics + ridge": Method(
        "nss-1", nss_statistics, lambda: _scaled(Ridge()), {"regressor__ridge__alpha": (1, 10, 100, 1000)}
    ),
    "BRISQUE features + SVR": Method(
        "brisque-1",
        brisque_features,
        lambda: _scaled(SVR(cache_size=1000)),  # MB
        {
            "regressor__svr__C": (1, 10),
            "regressor__svr__gamma": (0.01, 0.03, 0.1),
            "regressor__svr__epsilon": (0.1, 0.3),
        },
    ),
    "PIQE": Method("piqe-1", negated_piqe),
}


def classical_scores(
    method: str, train: Sequence[Record], test: Sequence[Record], seed: int, cache: Path | None = None
) -> Floats:
    """Predictions for the test images, float64 `(N,)`, in units of the training mos; higher is better.

    A method that no ratings teach leaves `train` alone and answers on its own scale.

    Args:
        method: a key of `METHODS`.
        seed: draws the images and folds by which the regressor's settings are chosen.
        cache: folder in which features are kept, for one process at a time; a run that was stopped goes on from there.

    Raises:
        DataError: an image cannot be read or is too small, or a training image has no mos.
    """
    chosen = METHODS[method]
    if chosen.regressor is None:
        return image_features(method, test, cache).reshape(-1)
    mos, groups = _ratings(train), _groups(train)
    features = image_features(method, [*train, *test], cache)
    regressor = tuned(chosen.regressor(), chosen.candidates, features[: len(train)], mos, groups, seed)
    regressor.fit(features[: len(train)], mos)
    return np.asarray(regressor.predict(features[len(train) :]), np.float64) if test else np.zeros(0)


def _ratings(train: Sequence[Record]) -> Floats:
    mos = np.array([record.mos for record in train], np.float64)
    bad = np.flatnonzero(~np.isfinite(mos))
    if len(bad):
        raise DataError(f"{train[bad[0]].image}: a training image needs a mos; {len(bad)} have none")
    return mos


def _groups(train: Sequence[Record]) -> NDArray[np.intp]:
    """Number of each image's group; an image without one is its own."""
    names = [("group", record.group) if record.group else ("image", str(record.image)) for record in train]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    if len(numbers) < FOLDS:
        raise DataError(f"a regressor needs training images of {FOLDS} groups or more, got {len(numbers)}")
    return np.array([numbers[name] for name in names])


def tuned(
    regressor: Any,
    candidates: Mapping[str, Sequence[float]],
    features: Floats,
    mos: Floats,
    groups: NDArray[np.intp],
    seed: int,
) -> Any:
    """The regressor, not fitted, with the settings that predict left-out groups best by R².

    Args:
        features, mos, groups: `(N, F)`, `(N,)` and `(N,)`; of more than `TUNING_IMAGES` images that many are drawn.
    """
    drawn = np.random.default_rng(seed).permutation(len(mos))[:TUNING_IMAGES]
    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    search = GridSearchCV(regressor, {name: list(values) for name, values in candidates.items()}, cv=folds, refit=False)
    search.fit(features[drawn], mos[drawn], groups=groups[drawn])
    return clone(regressor).set_params(**search.best_params_)


def image_features(method: str, records: Sequence[Record], cache: Path | None = None) -> Floats:
    """Features of each image, float64 `(N, F)`, in order; those in the cache are not computed again.

    Raises:
        DataError: an image cannot be read or is too small, or the cache is damaged.
    """
    chosen = METHODS[method]
    path = None if cache is None else cache / f"{chosen.file}.npz"
    known = {} if path is None else _read(path)
    keys = [_key(record) for record in records]
    missing = {key: record for key, record in zip(keys, records, strict=True) if key not in known}
    try:
        _compute(method, missing, known, path)
    finally:
        if path is not None and missing:
            _write(path, known)
    return np.stack([known[key] for key in keys]) if keys else np.zeros((0, 1))


def _compute(method: str, missing: Mapping[str, Record], known: dict[str, Floats], path: Path | None) -> None:
    """Adds the features of the missing images to the known ones, and saves all of them now and then."""
    saved, work = time.monotonic(), partial(_features, METHODS[method].features)
    with progress_bar(method, len(missing)) as advance, ThreadPoolExecutor(core_count()) as pool:
        computed = map_ahead(pool, work, missing.values(), 4 * core_count())
        for key, row in zip(missing, computed, strict=True):
            known[key] = row
            advance("")
            if path is not None and time.monotonic() - saved > SAVE_EVERY_S:
                _write(path, known)
                saved = time.monotonic()


def _features(features: Callable[[Pixels], Floats], record: Record) -> Floats:
    try:
        pixels = record.pixels()
    except ImageError as error:
        raise DataError(str(error)) from error
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST_SIDE_PX:
        raise DataError(f"{record.image}: {height} x {width} pixels; each side needs {SMALLEST_SIDE_PX}")
    return features(pixels)


def _key(record: Record) -> str:
    """What the pixels depend on: the file, as it is now, and its reduction."""
    try:
        status = record.image.stat()
    except OSError as error:
        raise DataError(f"{record.image}: cannot be read: {error}") from error
    return f"{record.image.absolute()}|{status.st_size}|{status.st_mtime_ns}|{record.shorter_side_px}"


def _read(path: Path) -> dict[str, Floats]:
    if not path.exists():
        return {}
    try:
        with np.load(path, allow_pickle=False) as held:
            return dict(zip(held["keys"].tolist(), held["features"], strict=True))
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: no features that can be read; delete the file: {error}") from error


def _write(path: Path, known: Mapping[str, Floats]) -> None:
    if known:
        content = io.BytesIO()
        np.savez(content, keys=np.array(list(known)), features=np.stack(list(known.values())))
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, content.getvalue())
