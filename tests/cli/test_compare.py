import json
import shutil
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from musiq.checkpoint import save_checkpoint
from musiq.scorer import Scorer
from musiq.scores import Calibration, ScoreRange
from tests.conftest import random_weights


@pytest.fixture(scope="module")
def sure(tmp_path_factory, tiny_checkpoints):
    """A checkpoint whose scores have intervals of the same width."""
    tiny = tiny_checkpoints["tiny-multiscale"]
    model = replace(tiny.model, outputs=2)
    head = np.stack([random_weights(model)["head.weight"][0], np.zeros(24, np.float32)])
    weights = {**tiny.weights, "head.weight": head, "head.bias": np.array([0.5, np.log(0.02)], np.float32)}
    folder = tmp_path_factory.mktemp("sure") / "sure"
    facts = {"score": ScoreRange(0, 100, factor=100), "calibration": Calibration(0.9, 2.0, "some"), "name": "sure"}
    save_checkpoint(replace(tiny, model=model, weights=weights, **facts), folder)
    return folder


@pytest.fixture(scope="module")
def scores(sure, rated):
    """By file name."""
    images = sorted(rated.glob("*.png"))
    return {path.name: score.mos for path, score in zip(images, Scorer.load(sure).score_many(images), strict=True)}


@pytest.fixture
def sets(rated, tmp_path):
    """Two folders of the same six names: `sharp` has the images 0 to 5, `soft` 12 to 17."""
    for folder, first in (("sharp", 0), ("soft", 12)):
        (tmp_path / folder).mkdir()
        for index in range(6):
            shutil.copy(rated / f"{first + index:02d}.png", tmp_path / folder / f"{index}.png")
    return tmp_path / "sharp", tmp_path / "soft"


def of(scores, first):
    return np.array([scores[f"{first + index:02d}.png"] for index in range(6)])


@pytest.fixture
def compare(call, sure):
    def compare(*arguments, code=0, checkpoint=sure):
        return call("compare", *arguments, "--checkpoint", checkpoint, code=code)

    return compare


def test_two_images(compare, scores, rated):
    paths = rated / "00.png", rated / "20.png"
    facts = json.loads(compare(*paths, "--format", "json").stdout)
    a, b = scores["00.png"], scores["20.png"]
    assert (facts["a"]["score"], facts["b"]["score"], facts["difference"]) == pytest.approx((a, b, a - b))
    away = 2 * 2.0 / stats.norm.ppf(0.95)
    assert facts["probability_a"] == pytest.approx(stats.norm.cdf((a - b) / away / 2**0.5), abs=1e-6)
    lines = compare(*paths).stdout.splitlines()
    assert lines[0] == f"A  {paths[0]}"
    assert lines[1].strip() == facts["a"]["meaning"]
    better, worse = ("A", "B") if a > b else ("B", "A")
    assert lines[-1] == facts["verdict"]
    assert lines[-1].startswith(f"{better} is better by {abs(a - b):.1f}; people would rate it above {worse} with a")


def test_two_images_of_a_checkpoint_without_uncertainties(compare, tiny_folder, rated):
    facts = json.loads(compare(rated / "00.png", rated / "20.png", "--format", "json", checkpoint=tiny_folder).stdout)
    assert facts["probability_a"] is None
    assert "how sure that is, the checkpoint does not know" in facts["verdict"]


def test_folders_of_the_same_names_are_pairs(compare, scores, sets):
    a, b = of(scores, 0), of(scores, 12)
    facts = json.loads(compare(*sets, "--format", "json").stdout)
    test = stats.ttest_rel(a, b)
    ends = test.confidence_interval(0.95)
    assert facts["paired"] is True
    assert (facts["difference"], facts["p"]) == pytest.approx(((a - b).mean(), test.pvalue))
    assert facts["interval"] == pytest.approx({"low": ends.low, "high": ends.high})
    assert facts["beats"] == np.mean(a > b)
    assert facts["a"] == {"name": str(sets[0]), "images": 6, "failed": 0, "mean": pytest.approx(a.mean())}
    lines = compare(*sets).stdout.splitlines()
    assert lines[1].split() == ["A", "6", f"{a.mean():.1f}", str(sets[0])]
    assert lines[3].startswith("6 pairs of one name; A beats its fellow of B in ")
    assert lines[4].endswith("(paired t test)")
    assert lines[-1] == facts["verdict"]


def test_folders_of_other_names_are_not(compare, scores, sets, tmp_path):
    (sets[1] / "5.png").unlink()
    a, b = of(scores, 0), of(scores, 12)[:5]
    store = ("--store", tmp_path / "s.sqlite")  # which is asked the second time
    facts = json.loads(compare(*sets, *store, "--format", "json").stdout)
    assert (facts["paired"], facts["images"]) == (False, [6, 5])
    assert facts["p"] == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue)
    assert facts["beats"] == pytest.approx(stats.mannwhitneyu(a, b).statistic / 30)
    assert "(5 names are in both: not compared name by name)" in compare(*sets, *store).stdout


def test_bad_files_are_named_and_left_out(compare, scores, sets, rated, tmp_path):
    (sets[0] / "2.png").write_text("no image")
    (sets[1] / "3.png").write_bytes(b"")
    result = compare(*sets, "--format", "json", code=1)
    assert "2.png" in result.stderr
    assert "3.png: empty file (0 bytes)" in result.stderr
    facts = json.loads(result.stdout)
    kept = [0, 1, 4, 5]
    assert facts["images"] == [4, 4]
    assert facts["difference"] == pytest.approx((of(scores, 0)[kept] - of(scores, 12)[kept]).mean())
    alone = compare(sets[0] / "2.png", rated / "00.png", code=1)
    assert alone.stdout == ""


def test_wrong_usage(compare, sets, tmp_path):
    (tmp_path / "none").mkdir()
    assert "no images in" in str(compare(sets[0], tmp_path / "none", code=2).exception)
    compare(sets[0], code=2)


def test_without_scipy_the_extra_is_named(compare, sets, monkeypatch):
    monkeypatch.setitem(sys.modules, "musiq.meaning.groups", None)
    assert "musiq[explain]" in str(compare(*sets, code=2).exception)


def test_an_image_beside_a_set_is_refused_before_anything_is_scored(compare, sets, monkeypatch):
    monkeypatch.setattr(Scorer, "load", None)
    refused = str(compare(sets[0] / "0.png", sets[1], code=2).exception)
    assert f"{sets[0]}/0.png is one image, and the other side several" in refused


def test_a_set_of_which_too_few_can_be_read(compare, sets):
    for index in range(5):
        (sets[1] / f"{index}.png").write_text("no photo")
    done = compare(*sets, code=1)
    assert done.stdout == ""
    assert f"too few images of {sets[1]} are left to compare" in done.stderr
    assert done.stderr.count("not an image") == 5
