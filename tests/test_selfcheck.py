import numpy as np
import pytest
from PIL import Image

from musiq import ImageError
from musiq.distortions import DISTORTIONS, FAMILIES, LEVELS, distort
from musiq.selfcheck import Series, count_falls, score_series


class Sharpness:
    """A scorer whose score is the mean step between neighbouring pixels: blur lowers it, noise raises it."""

    def score(self, pixels):
        return type("Score", (), {"mos": float(np.abs(np.diff(pixels.astype(float), axis=1)).mean())})

    def score_many(self, images):
        return map(self.score, images)


def test_scores_are_those_of_the_damaged_photo(photo):
    kinds = ("jpeg", "shot_noise")
    found = list(score_series(Sharpness(), [photo], kinds, seed=5))
    assert [one.distortion for one in found] == list(kinds)
    for one in found:
        image = Image.fromarray(photo)
        levels = [distort(image, one.distortion, level, np.random.default_rng(5)) for level in range(1, LEVELS + 1)]
        expected = [Sharpness().score(np.asarray(picture)).mos for picture in (image, *levels)]
        assert one.scores == pytest.approx(expected)


def test_blur_lowers_and_noise_raises_sharpness(photo):
    series = list(score_series(Sharpness(), [photo], ("gaussian_blur", "gaussian_noise")))
    rows = {row.name: row for row in count_falls(series)}
    assert rows["gaussian_blur"].by_level == (1,) * LEVELS
    assert rows["gaussian_noise"].by_level == (0,) * LEVELS
    assert rows["all"].share == 0.5
    worse_is_higher = {row.name: row for row in count_falls(series, higher_is_better=False)}
    assert worse_is_higher["gaussian_noise"].share == 1


def test_falls_by_hand():
    series = [
        Series("a", "jpeg", (90, 80, 80, 70, 71, 60)),
        Series("b", "jpeg", (50, 51, 40, 30, 20, 10)),
        Series("a", "webp", (90, 80, 70, 60, 50, 40)),
        Series("a", "contrast_loss", (90, 91, 92, 93, 94, 95)),
    ]
    rows = {row.name: row for row in count_falls(series)}
    assert list(rows) == ["jpeg", "webp", "contrast_loss", "compression", "light", "all"]
    assert rows["jpeg"].by_level == (0.5, 0.5, 1, 0.5, 1)
    assert rows["jpeg"].means == (70, 65.5, 60, 50, 45.5, 35)
    assert (rows["jpeg"].share, rows["jpeg"].steps) == (0.7, 10)
    assert (rows["compression"].share, rows["compression"].steps) == (12 / 15, 15)
    assert (rows["all"].share, rows["all"].steps) == (12 / 20, 20)


def test_every_distortion_is_in_the_table(photo):
    series = list(score_series(Sharpness(), [photo[:64, :64]]))
    names = [row.name for row in count_falls(series)]
    assert names == [*DISTORTIONS, *FAMILIES, "all"]


def test_a_bad_photo_costs_its_own_rows(photo, tmp_path):
    (tmp_path / "empty.jpg").write_bytes(b"")
    found = list(score_series(Sharpness(), [tmp_path / "empty.jpg", photo], ("jpeg",)))
    assert isinstance(found[0], ImageError)
    assert "empty.jpg" in str(found[0])
    assert isinstance(found[1], Series)
