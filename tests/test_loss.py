"""The loss is what a score lacks to the best end of its range, and a photo that is led by it becomes sharper."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.ndimage import gaussian_filter, laplace

from musiq.loss import QualityLoss, quality_loss
from musiq.quality import ImageQuality
from musiq.scores import ScoreRange
from tests.docs.blocks import ROOT
from tests.test_quality import as_tensor, pixels, small


@pytest.mark.parametrize(
    ("score_range", "expected"),
    [
        (ScoreRange(1, 5), [1.25, 1.0, 0.5, 0.0]),
        (ScoreRange(1, 5, higher_is_better=False), [-0.25, 0.0, 0.5, 1.0]),
        (ScoreRange(), [0.0, -1.0, -3.0, -5.0]),
        (ScoreRange(higher_is_better=False), [0.0, 1.0, 3.0, 5.0]),
        (ScoreRange(low=0), [0.0, -1.0, -3.0, -5.0]),
    ],
)
def test_from_the_best_end_to_the_worst(score_range, expected):
    losses = quality_loss(torch.tensor([0.0, 1.0, 3.0, 5.0]), score_range, "none")
    torch.testing.assert_close(losses, torch.tensor(expected))


@pytest.mark.parametrize(("reduction", "expected"), [("mean", 0.5), ("sum", 1.5), ("none", [0.0, 0.5, 1.0])])
def test_reductions(reduction, expected):
    losses = quality_loss(torch.tensor([10.0, 5.0, 0.0]), ScoreRange(0, 10), reduction)
    torch.testing.assert_close(losses, torch.tensor(expected))


def test_another_reduction_is_refused():
    with pytest.raises(ValueError, match="reduction must be one of mean, sum, none, got 'max'"):
        QualityLoss(small(), reduction="max")


def test_gradients_reach_pixels_and_no_weights():
    loss = QualityLoss(replace(small(), score=ScoreRange(2, 10))).train()
    images = [as_tensor(pixels(size)).requires_grad_() for size in ((20, 30), (9, 14))]
    value = loss(images)
    score = ImageQuality(small()).forward
    with torch.no_grad():
        scores = [float(score(image)) / 2 for image in images]  # whose factor is 2
    assert value.item() == pytest.approx(1 - (np.mean(scores) - 2) / 8, abs=1e-5)
    value.backward()
    assert all(image.grad.abs().max() > 0 for image in images)
    assert all(weight.grad is None for weight in loss.parameters())


def test_the_range_is_the_qualitys():
    loss = QualityLoss(small(), data_range=255, check_range=False)
    assert (loss.quality.data_range, loss.quality.check_range) == (255, False)


def test_an_image_quality_is_shared():
    quality = ImageQuality(small(), data_range=255)
    loss = QualityLoss(quality)
    assert loss.quality is quality
    image = as_tensor(pixels((20, 30)))
    torch.testing.assert_close(loss(image * 255), QualityLoss(small())(image))
    with pytest.raises(ValueError, match=r"has data_range=255, check_range=True; these hold"):
        QualityLoss(quality, data_range=2)
    with pytest.raises(TypeError, match="a checkpoint is named by its name, path or address, not by Linear"):
        QualityLoss(torch.nn.Linear(1, 1))


def sharpen(soft: torch.Tensor, amount: torch.Tensor) -> torch.Tensor:
    """An unsharp mask: the photo and what a 5 x 5 mean takes from it, `amount` times."""
    return soft + amount * (soft - F.avg_pool2d(soft[None], 5, stride=1, padding=2, count_include_pad=False)[0])


def sharpness(image: torch.Tensor) -> float:
    return float(laplace(image.mean(dim=0).numpy()).var())


def psnr(image: torch.Tensor, original: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((image.numpy() - original) ** 2)))


def test_a_blurred_photo_is_sharpened(default_checkpoint):
    """The strength of an unsharp mask is all that the loss may choose: the photo comes nearer to its original."""
    photo = Image.open(ROOT / "examples" / "flower.jpg").convert("RGB").resize((160, 107))
    original = np.asarray(photo, np.float32).transpose(2, 0, 1) / 255
    soft = torch.from_numpy(gaussian_filter(original, (0, 1.2, 1.2)))
    loss, amount = QualityLoss(default_checkpoint), torch.zeros((), requires_grad=True)
    optimizer, losses = torch.optim.Adam([amount], lr=0.4), []
    for _ in range(6):
        losses.append(loss(sharpen(soft, amount)))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    sharp = sharpen(soft, amount.detach()).clamp(0, 1)
    assert losses[-1].item() < losses[0].item() - 0.1
    assert sharpness(sharp) > 2 * sharpness(soft)
    assert psnr(sharp, original) > psnr(soft, original) + 1
