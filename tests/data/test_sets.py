import math

import pytest

from musiq.data.check import find_faults
from musiq.data.sets import SETS, open_data
from musiq.data.split import train_and_validation
from musiq.errors import DataError
from tests.data.miniatures import MINIATURES


def test_every_known_set_has_a_miniature():
    assert set(MINIATURES) == set(SETS)


@pytest.mark.parametrize("name", MINIATURES)
def test_a_miniature_lacks_nothing_but_images(tmp_path, name):
    MINIATURES[name](tmp_path)
    data = open_data(name, tmp_path)
    assert data.name == name
    assert data.published_images == SETS[name].images
    assert [data.low, data.high] == pytest.approx([SETS[name].low, SETS[name].high], nan_ok=True)
    (fault,) = find_faults(data, decode=True, workers=0)
    assert fault == f"{name}: {len(data.records)} images; its authors published {SETS[name].images:,}"
    train, val = train_and_validation(data, seed=0)
    assert len(train) >= 4
    assert len(val) >= 2


@pytest.fixture
def rated(tmp_path):
    (tmp_path / "a.jpg").touch()
    (tmp_path / "rated.csv").write_text("image,mos\na.jpg,4\n")
    return tmp_path


def test_any_other_name_is_a_csv(rated):
    data = open_data(str(rated / "rated.csv"), rated)
    assert (data.name, data.records[0].mos, math.isnan(data.low)) == ("rated.csv", 4, True)


def test_a_given_range_is_the_scale(rated):
    data = open_data(str(rated / "rated.csv"), rated, (1, 5))
    assert (data.low, data.high) == (1, 5)
    with pytest.raises(DataError, match=r"rated\.csv, image 1 \('a\.jpg'\): mos 4 is outside 0\.\.3"):
        open_data(str(rated / "rated.csv"), rated, (0, 3))


@pytest.mark.parametrize("mos_range", [(3, 3), (math.nan, 5)])
def test_a_range_has_two_ends(rated, mos_range):
    with pytest.raises(DataError, match="the worst value must differ from the best"):
        open_data(str(rated / "rated.csv"), rated, mos_range)


def test_ratings_of_which_lower_is_better_are_turned_round(tmp_path):
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).touch()
    (tmp_path / "d.csv").write_text("image,mos,spread,histogram\na.jpg,20,3,1 2 3\nb.jpg,100,,\n")
    data = open_data(str(tmp_path / "d.csv"), tmp_path, (100, 1))
    assert (data.low, data.high) == (1, 100)
    good, bad = data.records
    assert (good.mos, good.spread, good.histogram) == (81, 3, (3, 2, 1))
    assert (bad.mos, bad.histogram) == (1, None)
    with pytest.raises(DataError, match=r"image 1 \('a\.jpg'\): mos 131 is outside 50\.\.101"):
        open_data(str(tmp_path / "d.csv"), tmp_path, (101, 50))


def test_a_column_of_splits_is_of_a_csv(rated):
    with pytest.raises(DataError, match="spaq has a split of its own; column split_01 would be of a CSV"):
        open_data("spaq", rated, split_column="split_01")


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(DataError, match="'koniq' is neither .* known are ava, biq2021, .*koniq10k, .*spaq-512"):
        open_data("koniq", tmp_path)
