"""Quality without a network: statistics of natural scenes and a regressor, on the same splits as our networks.

images -> features (kept in a folder) -> regressor fitted to the training mos -> predictions for the test images
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musiq.data.record import Record
from musiq.errors import DataError, MissingExtraError
from musiq.reproduce.kept import kept_features
from musiq.reproduce.statistics import Floats, Pixels, brisque_features, nss_statistics

try:
    from sklearn.base import clone
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV, GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR
except ImportError:
    raise MissingExtraError("a classical method", "classical") from None

FOLDS = 3
TUNING_IMAGES = 2000  # the SVR's time grows with their square


@dataclass(frozen=True)
class Method:
    """A way from pixels to a prediction.

    Attributes:
        file: name under which its features are kept; its number grows when what they mean changes.
        features: uint8 `(H, W, 3)` sRGB -> float64 `(F,)`.
        regressor: scikit-learn's, never fitted itself: copies of it are.
        candidates: values of the regressor's settings to choose from.
    """

    file: str
    features: Callable[[Pixels], Floats]
    regressor: Any
    candidates: Mapping[str, Sequence[float]]


def _scaled(regressor: Any) -> Any:
    """The regressor between scalers of features and mos, so that its settings suit any set's units."""
    return TransformedTargetRegressor(make_pipeline(StandardScaler(), regressor), transformer=StandardScaler())


METHODS: dict[str, Method] = {
    "NSS statistics + ridge": Method(
        "nss-1", nss_statistics, _scaled(Ridge()), {"regressor__ridge__alpha": (1, 10, 100, 1000)}
    ),
    "BRISQUE features + SVR": Method(
        "brisque-1",
        brisque_features,
        _scaled(SVR(cache_size=1000)),  # MB
        {
            "regressor__svr__C": (1, 10),
            "regressor__svr__gamma": (0.01, 0.03, 0.1),
            "regressor__svr__epsilon": (0.1, 0.3),
        },
    ),
}


def classical_scores(
    method: str, train: Sequence[Record], test: Sequence[Record], seed: int, cache: Path | None = None
) -> Floats:
    """Predictions for the test images, float64 `(N,)`, in units of the training mos; higher is better where theirs is.

    Args:
        method: a key of `METHODS`.
        seed: draws the images and folds by which the regressor's settings are chosen.
        cache: folder in which features are kept, for one process at a time; a run that was stopped goes on from there.

    Raises:
        DataError: an image cannot be read or is too small, or a training image has no mos, or they form too few groups.
    """
    chosen = METHODS[method]
    mos, groups = _ratings(train), _groups(train)
    features = kept_features(chosen.file, chosen.features, [*train, *test], cache)
    regressor = tuned(chosen, features[: len(train)], mos, groups, seed)
    regressor.fit(features[: len(train)], mos)
    return np.asarray(regressor.predict(features[len(train) :]), np.float64) if test else np.zeros(0)


def tuned(method: Method, features: Floats, mos: Floats, groups: NDArray[np.intp], seed: int) -> Any:
    """The method's regressor, not fitted, with the settings that predict left-out groups best by R².

    Args:
        features, mos, groups: `(N, F)`, `(N,)` and `(N,)`; of more than `TUNING_IMAGES` images that many are drawn.
    """
    drawn = np.random.default_rng(seed).permutation(len(mos))[:TUNING_IMAGES]
    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    settings = {name: list(values) for name, values in method.candidates.items()}
    search = GridSearchCV(method.regressor, settings, cv=folds, refit=False)
    search.fit(features[drawn], mos[drawn], groups=groups[drawn])
    return clone(method.regressor).set_params(**search.best_params_)


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
