"""Metrics under the toolbox's names, against the scorer and Pillow; against the toolbox itself where it is there."""

import io
import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

from musiq.errors import CheckpointError, ImageError
from musiq.image import load_image
from musiq.integrations import pyiqa as toolbox
from musiq.integrations.pyiqa import METRICS, create_metric, decode_plainly, find_weights, list_models
from musiq.published import read_published
from musiq.scorer import Scorer
from musiq.scores import ScoreRange
from tests.conftest import REFERENCE


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A folder with two of the published files, tiny, under the authors' names."""
    shutil.copy(REFERENCE / "tiny-multiscale.npz", tmp_path / "koniq_ckpt.npz")
    shutil.copy(REFERENCE / "tiny-distribution.npz", tmp_path / "ava_ckpt.npz")
    monkeypatch.setenv("MUSIQ_CHECKPOINTS", str(tmp_path))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path


@pytest.fixture
def tiny():
    """Without graphs, which nothing here needs."""
    return read_published(REFERENCE / "tiny-multiscale.npz")


@pytest.fixture
def metric(weights):
    return create_metric("musiq", device="cpu")


@pytest.fixture
def small(photo):
    """uint8 (64, 90, 3)."""
    return photo[100:164, 200:290].copy()


@pytest.fixture
def turned(tmp_path, small):
    """The small photo in a file that says it is to be turned upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(small).save(tmp_path / "turned.png", exif=exif)
    return tmp_path / "turned.png"


load = partial(Scorer.load, runtime="torch")  # another would export the network first


def as_tensor(pixels):
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


def test_a_score_is_the_scorers(metric, photo, reference_scores):
    scores = metric(as_tensor(photo).repeat(2, 1, 1, 1))
    assert (scores.shape, scores.dtype, scores.requires_grad) == ((2, 1), torch.float32, False)
    expected = reference_scores["tiny-multiscale"]["results"]["chelsea_300x451"]["mos"]
    np.testing.assert_allclose(scores.numpy(), [[expected]] * 2, rtol=1e-4)
    known = (metric.metric_name, metric.metric_mode, metric.lower_better, metric.score_range)
    assert known == ("musiq", "NR", False, "~0, ~100")
    assert metric.device == torch.device("cpu")
    assert not metric.train().net.quality.training


def test_ten_outputs_give_their_mean_rating(weights, photo, reference_scores):
    metric = create_metric("musiq-ava", device="cpu")
    expected = reference_scores["tiny-distribution"]["results"]["chelsea_300x451"]["mos"]
    assert metric(as_tensor(photo)).item() == pytest.approx(expected, rel=1e-4)
    assert metric.score_range == "1, 10"


def test_older_numbers_repeat_under_their_preprocessing(weights, turned, small):
    """The toolbox turns nothing upright; ours does."""
    old, new = (create_metric("musiq", device="cpu", preprocess=name) for name in ("pyiqa-bicubic", None))
    scorer = load(weights / "koniq_ckpt.npz", preprocess="pyiqa-bicubic")
    assert old(turned).item() == pytest.approx(scorer.score(small).mos, rel=1e-5)
    assert new(turned).item() == pytest.approx(load(weights / "koniq_ckpt.npz").score(turned).mos, rel=1e-5)
    assert old(turned).item() != pytest.approx(new(turned).item(), rel=1e-5)


def test_images_are_taken_in_several_ways(metric, turned):
    expected = metric(as_tensor(load_image(turned).pixels))
    with Image.open(turned) as opened:
        for source in (turned, str(turned), turned.read_bytes(), opened):
            torch.testing.assert_close(metric(source, ref="ignored"), expected)


def test_a_plain_decode_is_pillows(tmp_path, turned, small):
    np.testing.assert_array_equal(decode_plainly(turned), small)
    half = np.dstack([small, np.full(small.shape[:2], 128, np.uint8)])
    Image.fromarray(half).save(tmp_path / "alpha.png")
    np.testing.assert_array_equal(decode_plainly(tmp_path / "alpha.png"), small)
    buffer = io.BytesIO()
    Image.fromarray(small).convert("CMYK").save(buffer, "tiff")
    np.testing.assert_array_equal(decode_plainly(buffer.getvalue()), Image.open(buffer).convert("RGB"))


@pytest.mark.parametrize("preprocess", ["google-v1", "pyiqa-bicubic"])
def test_bad_files_are_named(preprocess, weights, tmp_path):
    metric = create_metric("musiq", device="cpu", preprocess=preprocess)
    (tmp_path / "text.jpg").write_text("no photo")
    for name in ("text.jpg", "absent.jpg"):
        with pytest.raises(ImageError, match=name):
            metric(tmp_path / name)


def test_a_plain_decode_has_a_limit(turned, monkeypatch):
    monkeypatch.setattr(toolbox, "MAX_PIXELS", 1000)
    with pytest.raises(ImageError, match=r"turned\.png: 90 x 64 pixels exceed 1,000") as caught:
        decode_plainly(turned)
    assert caught.value.kind == "too-large"


def test_grey_is_three_equal_channels(metric):
    grey = torch.rand(2, 1, 40, 50, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(metric(grey), metric(grey.repeat(1, 3, 1, 1)))


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        (torch.zeros(3, 40, 40), r"\(N, 3 or 1, H, W\), got torch.float32 \(3, 40, 40\)"),
        (torch.zeros(1, 2, 40, 40), r"\(1, 2, 40, 40\)"),
        (torch.zeros(1, 3, 40, 40, dtype=torch.uint8), "torch.uint8"),
        (torch.full((1, 3, 40, 40), 1.001), r"\[0, 1\], these go from 1\.001 to 1\.001"),
        (torch.full((1, 3, 40, 40), -0.5), r"-0\.5"),
        (torch.full((1, 3, 40, 40), torch.nan), "nan"),
    ],
)
def test_tensors_of_another_shape_or_range_are_refused(metric, images, reason):
    with pytest.raises(ValueError, match=reason):
        metric(images)


def test_the_range_need_not_be_checked(weights):
    metric = create_metric("musiq", device="cpu", check_input_range=False)
    beyond = torch.rand(1, 3, 40, 40) * 2
    torch.testing.assert_close(metric(beyond), metric(beyond.clamp(0, 1)))


def test_a_loss_has_gradients_and_reduces(weights):
    images = torch.rand(2, 3, 96, 20, generator=torch.Generator().manual_seed(1))
    scores = create_metric("musiq", device="cpu")(images)
    expected = {"mean": scores.mean(), "sum": scores.sum(), "none": scores}
    for reduction, value in expected.items():
        loss = create_metric("musiq", as_loss=True, device="cpu", loss_reduction=reduction)
        leaf = images.clone().requires_grad_()
        found = loss(leaf)
        torch.testing.assert_close(found.detach(), value)
        found.sum().backward()
        assert leaf.grad.abs().sum() > 0
        assert all(weight.grad is None for weight in loss.parameters())
    loss(images * 1.5)  # beyond the range
    with pytest.raises(ValueError, match="reduction must be one of mean, sum, none, got 'max'"):
        create_metric("musiq", as_loss=True, device="cpu", loss_reduction="max")


def test_names(weights):
    assert list_models() == ["musiq", "musiq-ava", "musiq-koniq", "musiq-paq2piq", "musiq-spaq"]
    assert list_models("*a*q") == ["musiq-paq2piq", "musiq-spaq"]
    with pytest.raises(ValueError, match="no metric 'nima'; there are musiq, musiq-koniq"):
        create_metric("nima")
    with pytest.raises(ValueError, match="no published weights 'tid'; there are koniq10k, ava"):
        find_weights("tid")
    for name, metric in METRICS.items():  # the toolbox's files end in the first digits of their SHA-256
        assert {file.partition("_ckpt")[0].removeprefix("musiq_") for file in metric.files} == {
            name.partition("-")[2] or "koniq"
        }


def test_weights_are_looked_for_in_order(weights, tmp_path, monkeypatch):
    cache, other = tmp_path / "hub" / "pyiqa", tmp_path / "other"
    for folder in (cache, other):
        folder.mkdir(parents=True)
        (folder / "musiq_koniq_ckpt-e95806b9.pth").touch()
    assert find_weights("koniq10k") == weights / "koniq_ckpt.npz"
    assert find_weights("koniq10k", other) == other / "musiq_koniq_ckpt-e95806b9.pth"
    monkeypatch.delenv("MUSIQ_CHECKPOINTS")
    assert find_weights("koniq10k") == cache / "musiq_koniq_ckpt-e95806b9.pth"


def test_what_is_not_found_is_said_with_names_and_places(weights):
    both = r"neither spaq_ckpt\.npz nor musiq_spaq_ckpt-358bb6af\.pth is in "
    with pytest.raises(CheckpointError, match=f"{both}{weights} nor {weights}/hub/pyiqa; say where by folder="):
        create_metric("musiq-spaq")
    with pytest.raises(CheckpointError, match=f"{both}{weights}/nowhere; "):
        create_metric("musiq-spaq", folder=weights / "nowhere")


def test_other_weights_may_stand_behind_a_name(tiny, small):
    metric = create_metric("musiq", device="cpu", checkpoint=replace(tiny, score=ScoreRange(5, 1, False, factor=-2)))
    plain = create_metric("musiq", device="cpu", checkpoint=tiny)
    torch.testing.assert_close(metric(as_tensor(small)), -2 * plain(as_tensor(small)))
    assert (metric.lower_better, metric.score_range) == (True, "5, 1")


def test_a_checkpoint_keeps_its_own_preprocessing(tiny, small):
    old = tiny.under("pyiqa-bicubic")
    kept = create_metric("musiq", device="cpu", checkpoint=old)(as_tensor(small)).item()
    assert kept == pytest.approx(load(old).score(small).mos, rel=1e-5)
    changed = create_metric("musiq", device="cpu", checkpoint=old, preprocess="google-v1")(as_tensor(small)).item()
    assert changed == pytest.approx(load(tiny).score(small).mos, rel=1e-5)


def test_the_toolbox_finds_the_plugin(weights, small):
    """Not in CI: the toolbox's licence is non-commercial."""
    pyiqa = pytest.importorskip("pyiqa")
    theirs = pyiqa.create_metric("musiq", type="MUSIQ-musiq", device="cpu")
    torch.testing.assert_close(theirs(as_tensor(small)), create_metric("musiq", device="cpu")(as_tensor(small)))
