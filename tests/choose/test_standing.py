import numpy as np
import pytest
from scipy.stats import percentileofscore, rankdata

from musiq.choose.photo import Photo
from musiq.choose.select import everything, first
from musiq.choose.standing import ranked

SCORES = np.random.default_rng(0).integers(0, 30, 80) / 4
PHOTOS = [Photo(f"{number:02d}", float(score)) for number, score in enumerate(SCORES)]


@pytest.mark.parametrize("higher", [True, False])
@pytest.mark.parametrize("rule", [everything(), everything(worst=True), first(10), first(10, worst=True)])
def test_places_are_those_of_scipy(higher, rule):
    merit = SCORES if higher else -SCORES
    ranks = rankdata(-merit, method="min")
    places = list(ranked(iter(PHOTOS), rule, higher))
    assert len(places) in (10, 80)
    for place in places:
        index = int(place.photo.path)
        assert place.rank == ranks[index]
        assert place.percentile == pytest.approx(percentileofscore(merit, merit[index], kind="mean"))


def test_worked_by_hand():
    places = ranked([Photo("a", 1), Photo("b", 3), Photo("c", 3), Photo("d", 7)], everything())
    assert [(place.photo.path, place.rank, place.percentile) for place in places] == [
        ("d", 1, 87.5),
        ("b", 2, 50),
        ("c", 2, 50),
        ("a", 4, 12.5),
    ]
    assert [place.percentile for place in ranked([Photo("a", 1)], everything())] == [50]
    assert list(ranked([], everything())) == []
