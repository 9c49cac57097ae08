import importlib
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter
from scipy import stats
from sklearn.model_selection import GroupKFold

from musiq.data.record import Record
from musiq.errors import DataError, MissingExtraError
from musiq.reproduce import classical
from musiq.reproduce.classical import METHODS, classical_scores, tuned

NSS, BRISQUE = "NSS statistics + ridge", "BRISQUE features + SVR"


def damaged(crop, index, rng):
    """Blurred, or with noise: by sight the worse the higher the index, 0 to 47."""
    if index % 2:
        return crop.filter(ImageFilter.GaussianBlur(index / 12))
    noise = rng.normal(0, index, (crop.height, crop.width, 3))
    return Image.fromarray(np.clip(np.rint(np.asarray(crop) + noise), 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def records(tmp_path_factory, reference_image):
    """48 crops of a photo, blurred or noised ever more: the mos falls from 90 to 10."""
    folder, photo = tmp_path_factory.mktemp("damaged"), Image.fromarray(reference_image("chelsea_300x451"))
    rng, made = np.random.default_rng(0), []
    for index in range(48):
        left, top = rng.integers(0, (451 - 160, 300 - 120)).tolist()
        path = folder / f"{index:02d}.png"
        damaged(photo.crop((left, top, left + 160, top + 120)), index, rng).save(path)
        made.append(Record(path, path.name, 90 - 80 * index / 47))
    return made


@pytest.fixture
def known():
    """Features, a mos that the first of them tells, and groups of ten: float64 (60, 4), (60,), int64 (60,)."""
    features = np.random.default_rng(0).normal(size=(60, 4))
    return features, features[:, 0], np.repeat(np.arange(6), 10)


@pytest.mark.parametrize("method", METHODS)
def test_a_regressor_recovers_the_order_of_damage(records, method):
    train, test = [r for i, r in enumerate(records) if i % 4 < 2], [r for i, r in enumerate(records) if i % 4 > 1]
    predicted = classical_scores(method, train, test, seed=0)
    rated = [record.mos for record in test]
    assert predicted.shape == (24,)
    assert stats.spearmanr(predicted, rated)[0] > 0.8
    assert np.abs(predicted - rated).mean() < 15
    assert np.array_equal(predicted, classical_scores(method, train, test, seed=0))


@pytest.mark.parametrize("method", METHODS)
def test_predictions_follow_the_units_of_the_mos(records, method):
    """A set rated 0 to 1 gives the same predictions as one rated 0 to 100."""
    smaller = [replace(record, mos=record.mos / 100) for record in records]
    large = classical_scores(method, records[::2], records[1::2], seed=0)
    assert classical_scores(method, smaller[::2], smaller[1::2], seed=0) * 100 == pytest.approx(large, rel=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_ratings_of_test_images_are_not_looked_at(records, method):
    unrated = [replace(record, mos=np.nan) for record in records[1::2]]
    expected = classical_scores(method, records[::2], records[1::2], seed=0)
    assert np.array_equal(classical_scores(method, records[::2], unrated, seed=0), expected)


@pytest.mark.parametrize("method", METHODS)
def test_no_test_images(records, method):
    assert classical_scores(method, records, [], seed=0).shape == (0,)


@pytest.mark.parametrize(("method", "file"), [(NSS, "nss-1.npz"), (BRISQUE, "brisque-1.npz")])
def test_a_second_run_needs_no_pixels(records, tmp_path, monkeypatch, method, file):
    first = classical_scores(method, records[::2], records[1::2], seed=0, cache=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [file]
    monkeypatch.delattr(Record, "pixels")
    assert np.array_equal(classical_scores(method, records[::2], records[1::2], seed=0, cache=tmp_path), first)


def test_methods_are_not_changed_by_a_run(records):
    before = {name: repr(method.regressor.get_params()) for name, method in METHODS.items()}
    for method in METHODS:
        classical_scores(method, records[::2], records[1::2], seed=0)
    assert {name: repr(method.regressor.get_params()) for name, method in METHODS.items()} == before
    assert not any(hasattr(method.regressor, "regressor_") for method in METHODS.values())  # what a fit leaves


def test_settings_suit_what_groups_have_in_common(known):
    """Ridge shrinks least where all groups agree, and most where what is true of one group is false of the next."""
    features, mos, groups = known
    targets = (mos, mos * (-1) ** groups)
    chosen = [tuned(METHODS[NSS], features, target, groups, seed=0).get_params() for target in targets]
    assert [settings["regressor__ridge__alpha"] for settings in chosen] == [1, 1000]


def test_groups_stay_together_when_settings_are_chosen(monkeypatch, known):
    folds = []

    def split(self, *given, **named):
        folds.append([*GroupKFold.split(self, *given, **named)])
        return iter(folds[-1])

    monkeypatch.setattr(classical, "GroupKFold", type("Watched", (GroupKFold,), {"split": split}))
    groups = known[2]
    tuned(METHODS[NSS], *known, seed=0)
    assert len(folds) == 1
    assert len(folds[0]) == 3
    drawn = groups[np.random.default_rng(0).permutation(60)]
    for train, held_out in folds[0]:
        assert not set(drawn[train]) & set(drawn[held_out])


def test_settings_are_chosen_on_few_images_and_all_are_fitted(monkeypatch, records):
    """The ridge's prediction with one candidate is that of a fit to all training images, however few choose."""
    one = replace(METHODS[NSS], candidates={"regressor__ridge__alpha": (10,)})
    monkeypatch.setitem(METHODS, NSS, one)
    expected = classical_scores(NSS, records[::2], records[1::2], seed=0)
    sizes = []
    search = classical.GridSearchCV

    class Watched(search):
        def fit(self, features, *given, **named):
            sizes.append(len(features))
            return super().fit(features, *given, **named)

    monkeypatch.setattr(classical, "GridSearchCV", Watched)
    monkeypatch.setattr(classical, "TUNING_IMAGES", 12)
    assert np.array_equal(classical_scores(NSS, records[::2], records[1::2], seed=0), expected)
    assert sizes == [12]


def test_training_needs_ratings_and_groups(records):
    unrated = [*records[:5], replace(records[5], mos=np.nan)]
    with pytest.raises(DataError, match=r"05\.png: a training image needs a mos; 1 have none"):
        classical_scores(NSS, unrated, records, seed=0)
    with pytest.raises(DataError, match="3 groups or more, got 1"):
        classical_scores(NSS, [replace(record, group="one") for record in records], records, seed=0)


def test_images_that_cannot_be_used_are_named(records, tmp_path):
    Image.new("RGB", (40, 13)).save(tmp_path / "small.png")
    with pytest.raises(DataError, match=r"small\.png: 13 x 40 pixels"):
        classical_scores(NSS, records[:4], [Record(tmp_path / "small.png", "small.png")], seed=0)


def test_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.svm", None)
    monkeypatch.delitem(sys.modules, "musiq.reproduce.classical")
    with pytest.raises(MissingExtraError, match=r"musiq\[classical\]"):
        importlib.import_module("musiq.reproduce.classical")
