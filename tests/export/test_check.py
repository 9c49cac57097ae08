import numpy as np
import pytest

from musiq.errors import OutputError
from musiq.export import check as checking
from musiq.export.check import check, made_up_pictures
from musiq.image import DecodedImage
from musiq.scores import mean_opinion
from tests.export.conftest import OWN


@pytest.fixture
def photos(pictures):
    return [DecodedImage(pixels, name) for name, pixels in pictures.items()]


@pytest.fixture
def scorer(scorers):
    return scorers["inverted"]


@pytest.fixture
def exact(scorer):
    """A file that scores as the checkpoint does, whatever is padded."""
    import torch

    def run(batch):
        fields = (torch.from_numpy(getattr(batch, name)) for name in ("pixels", "cell", "scale", "valid"))
        with torch.inference_mode():
            return OWN.apply(mean_opinion(scorer.runtime.network(*fields).numpy()))

    return run


def test_agreement_counts_photos_and_tells_the_largest_difference(scorer, exact, photos):
    off = {1: 0.0, 2: 3e-5}  # of scores below 10, by the number of sequences; photos alone are one

    def run(batch):
        return exact(batch) + off[min(len(batch), 2)]

    found = check(run, scorer, photos)
    assert found.photos == 3
    assert found.largest == pytest.approx(3e-5, rel=0.1)
    assert found.at.endswith(", padded")


def test_a_file_that_scores_otherwise_is_refused_with_photo_and_values(scorer, exact, photos):
    expected = scorer.score(photos[0]).mos
    with pytest.raises(OutputError, match="rocket_tall_427x100: scores") as error:
        check(lambda batch: exact(batch) + 0.01, scorer, photos)
    assert f"{expected:.6f}" in str(error.value)
    assert f"{expected + 0.01:.6f}" in str(error.value)


def test_no_number_is_refused(scorer, exact, photos):
    with pytest.raises(OutputError, match="nan"):
        check(lambda batch: exact(batch) * np.nan, scorer, photos)


def test_padding_that_counts_is_found_with_one_photo_too(scorer, exact, photos):
    def run(batch):
        return exact(batch) + 0.01 * (~batch.valid).any()

    with pytest.raises(OutputError, match="padded"):
        check(run, scorer, photos[:1])


def test_photos_are_padded_together_as_far_as_memory_allows(scorer, exact, photos, monkeypatch):
    sizes = []

    def run(batch):
        sizes.append(len(batch))
        return exact(batch)

    check(run, scorer, photos)
    assert sizes == [1, 1, 1, 4]  # the last holds a sequence of padding, too
    sizes.clear()
    monkeypatch.setattr(checking, "TOGETHER_BYTES", 1)
    check(run, scorer, photos)
    assert sizes == [1, 1, 3, 1, 2]


def test_made_up_pictures_differ_in_size_and_are_the_same_each_time():
    first, again = list(made_up_pictures()), list(made_up_pictures())
    assert len({picture.pixels.shape for picture in first}) == len(first) == 5
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)
        assert one.name == f"made-up {one.pixels.shape[1]}x{one.pixels.shape[0]}"
