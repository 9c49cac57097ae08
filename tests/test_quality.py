"""A checkpoint as a torch module scores as `Scorer` does, and its gradients are finite differences."""

import importlib
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch.autograd import gradcheck

from musiq.checkpoint import Checkpoint
from musiq.config import ModelConfig
from musiq.errors import CheckpointError, MissingExtraError
from musiq.patches import PatchConfig
from musiq.quality import ImageQuality, map_tensor, score_tensor
from musiq.scorer import Scorer
from musiq.scores import OwnScale, ScoreRange, mean_opinion
from tests.conftest import MODELS, random_weights

OWN = OwnScale(1, 5, (-0.5, 0.2, 0.9, 4.0), (1.0, 2.5, 2.6, 5.0))
SIZES = [(1, 1), (1, 70), (53, 2), (31, 33), (90, 141)]
SMALL = ModelConfig(width=12, depth=2, heads=2, mlp=16, stem=8, stem_groups=4, patch_size=8, grid_size=3)


def pixels(size: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(size[1]).integers(0, 256, (*size, 3), np.uint8)


def as_tensor(image: np.ndarray, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.from_numpy(image).permute(2, 0, 1).to(dtype) / 255


def small(**changes) -> Checkpoint:
    """Random weights for 8 px patches; what is not of the network is of the checkpoint or its patches."""
    model = replace(SMALL, **{name: changes.pop(name) for name in ("outputs", "stem", "depth") if name in changes})
    own = changes.pop("own_scale", None)
    patches = PatchConfig(**{"longer_sides": (12, 20), "patch_size": 8, "grid_size": 3} | changes)
    return Checkpoint("small", random_weights(model), model, patches, ScoreRange(0, 1, factor=2), own_scale=own)


@pytest.fixture(scope="module")
def quality() -> ImageQuality:
    return ImageQuality(small())


@pytest.fixture
def image() -> torch.Tensor:
    return as_tensor(pixels((21, 13)))


def assert_scores_as_scorer(checkpoint: Checkpoint, images: list[np.ndarray]) -> None:
    expected = [score.mos for score in Scorer.load(checkpoint, runtime="onnx").score_many(images)]
    ours = ImageQuality(checkpoint)([as_tensor(image) for image in images])
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_scores_are_the_scorers(model, tiny_checkpoints, photo):
    assert_scores_as_scorer(tiny_checkpoints[model], [photo, *map(pixels, SIZES)])


@pytest.mark.parametrize("profile", ["google-v1", "pyiqa-bicubic"])
def test_scores_of_a_profile_on_a_scale_of_ones_own(profile, tiny):
    changed = replace(tiny, own_scale=OWN, patches=replace(tiny.patches, profile=profile))
    assert_scores_as_scorer(changed, list(map(pixels, SIZES)))
    assert ImageQuality(changed).score_range == ScoreRange(1, 5)


def test_scores_of_the_default_checkpoint(default_checkpoint, photo):
    wide = np.array(Image.fromarray(photo[:60]).resize((1300, 173)))
    tall = np.ascontiguousarray(wide[:, 100:130].repeat(7, axis=0))  # 1211 x 30: shrunk rows first
    assert_scores_as_scorer(default_checkpoint, [wide, tall, pixels((1, 1))])


def test_images_in_a_batch_alone_and_in_a_list(quality, image):
    images = torch.stack([image, image.flip(2)])
    expected = quality(images)
    assert expected.shape == (2,)
    torch.testing.assert_close(quality(list(images)), expected)
    torch.testing.assert_close(quality(image), expected[:1])


@pytest.mark.parametrize(
    "changes",
    [
        {"outputs": 1, "profile": "pyiqa-bicubic"},
        {"outputs": 2, "padding": "mirror"},
        {"outputs": 10},
        {"outputs": 10, "padding": "mirror", "profile": "pyiqa-bicubic"},
        {"own_scale": OWN},
    ],
    ids=lambda changes: "-".join(map(str, changes)),
)
def test_gradients_to_pixels_are_finite_differences(changes):
    quality = ImageQuality(small(depth=1, **changes)).double()
    image = as_tensor(pixels((3, 5)), torch.float64).clamp(0.01, 0.99).requires_grad_()
    assert quality(image).dtype == torch.float64
    assert gradcheck(quality, image)


def test_gradients_to_weights_where_asked_for(quality, image):
    learning = ImageQuality(small()).requires_grad_(True)
    learning(image).sum().backward()
    assert all(weight.grad is not None for weight in learning.parameters())
    assert not any(weight.requires_grad for weight in quality.parameters())


def test_training_mode_changes_nothing(quality, image):
    model = torch.nn.Sequential(ImageQuality(replace(small(), model=replace(SMALL, dropout=0.5)))).train()
    torch.testing.assert_close(model(image), quality(image))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_images_of_half_precision_are_those_numbers(quality, image, dtype):
    half = image.to(dtype)
    torch.testing.assert_close(quality(half), quality(half.float()), atol=0, rtol=0)
    assert quality(half).dtype == torch.float32


@pytest.mark.parametrize(("dtype", "near"), [(torch.float64, 1e-5), (torch.bfloat16, 0.1), (torch.float16, 0.02)])
def test_networks_of_another_precision(quality, image, dtype, near):
    other = ImageQuality(small()).to(dtype)
    scores = other(image)
    assert scores.dtype == torch.promote_types(dtype, torch.float32)
    assert abs(float(scores) - float(quality(image))) < near


def test_autocast_halves_the_network_not_the_score(image):
    quality = ImageQuality(small(outputs=10))
    with torch.autocast("cpu", torch.bfloat16):
        scores = quality(image)
    assert scores.dtype == torch.float32
    assert float(scores) == pytest.approx(float(quality(image)), abs=0.1)
    logits = torch.randn(4, 10, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):
        np.testing.assert_allclose(score_tensor(logits), mean_opinion(logits.numpy()), rtol=1e-6)


def kept_bytes(quality: ImageQuality, image: torch.Tensor) -> int:
    """Bytes that a forward pass keeps for its gradients, beside the weights."""
    kept, own = {}, {weight.untyped_storage().data_ptr() for weight in quality.parameters()}

    def pack(x):
        kept[x.untyped_storage().data_ptr()] = x
        return x

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        quality(image)
    return sum(x.untyped_storage().nbytes() for address, x in kept.items() if address not in own)


def test_gradient_checkpointing_keeps_little_and_changes_nothing():
    """A block more keeps its input, L + 1 tokens, and the few numbers that say where images stand."""
    image, kept, tokens = as_tensor(pixels((60, 100))), {}, 1 + 8 * 13 + 2 * 3 + 1 * 2
    for depth in (2, 3):
        quality = ImageQuality(small(depth=depth))
        expected = torch.autograd.grad(quality(image.requires_grad_()).sum(), image)[0]
        plain = kept_bytes(quality, image)
        quality.network.set_grad_checkpointing()
        torch.testing.assert_close(torch.autograd.grad(quality(image).sum(), image)[0], expected)
        kept[depth] = kept_bytes(quality, image)
        assert kept[depth] < plain / 4
    assert 0 < kept[3] - kept[2] <= 4 * 12 * tokens + 64


def test_255(quality, image):
    bytes_ = (image * 255).round().to(torch.uint8)
    scorer = ImageQuality(small(), data_range=255)
    expected = quality(image)
    torch.testing.assert_close(scorer(bytes_), expected)
    torch.testing.assert_close(scorer(bytes_.float()), expected)


@pytest.mark.parametrize(
    ("change", "data_range"),
    [
        (lambda image: image * 255, 1),
        (lambda image: image * 2 - 1, 1),
        (lambda image: (image - 0.45) / 0.225, 1),
        (lambda image: image * 65535, 255),
    ],
)
def test_another_range_is_refused(change, data_range, image):
    images = [image * data_range, change(image)]
    with pytest.raises(
        ValueError, match=rf"image 1: \d+% of its values lie far outside \[0, {data_range}\].*check_range"
    ):
        ImageQuality(small(), data_range=data_range)(images)
    assert ImageQuality(small(), data_range=data_range, check_range=False)(images).isfinite().all()


def test_what_overshoots_is_clamped_without_gradient(quality, image):
    beyond = image.clone()
    beyond[0, 3, 4:6] = torch.tensor([-0.4, 9.0])
    beyond.requires_grad_()
    score = quality(beyond)
    torch.testing.assert_close(score, quality(beyond.detach().clamp(0, 1)), atol=0, rtol=0)
    score.sum().backward()
    assert (beyond.grad[0, 3, 4:6] == 0).all()
    assert beyond.grad[0, 3, 3] != 0


def test_nan_is_refused(quality, image):
    image[2, 0, 0] = torch.nan
    with pytest.raises(ValueError, match="image 1 holds NaN"):
        quality([image.nan_to_num(), image])
    assert ImageQuality(small(), check_range=False)(image).isnan().all()


@pytest.mark.parametrize(
    ("images", "named"),
    [
        (torch.zeros(2, 1, 8, 8), r"float32 \(1, 8, 8\)"),
        (torch.zeros(8, 8), r"float32 \(8,\)"),
        (torch.zeros(3, 0, 8), r"\(3, 0, 8\)"),
        (torch.zeros(3, 8, 8, dtype=torch.uint8), "uint8 images need data_range=255, not 1"),
        (torch.zeros(3, 8, 8, dtype=torch.int32), "got torch.int32"),
        ([np.zeros((3, 8, 8))], "got ndarray"),
        ([], "no images"),
        (torch.zeros(0, 3, 8, 8), "no images"),
    ],
)
def test_other_things_are_refused(quality, images, named):
    with pytest.raises(ValueError, match=named):
        quality(images)


def test_checkpoints_without_a_score_are_refused():
    with pytest.raises(CheckpointError, match="7 outputs are no quality score"):
        ImageQuality(small(outputs=7))


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_ranges_that_are_none(value):
    with pytest.raises(ValueError, match="data_range must be a positive number"):
        ImageQuality(small(), data_range=value)


def test_back_to_a_checkpoint(image):
    checkpoint = replace(small(), accuracy={"set": {"srcc": 0.5}})
    quality = ImageQuality(checkpoint)
    same = quality.as_checkpoint()
    assert (same.id, same.accuracy, same.patches) == (checkpoint.id, checkpoint.accuracy, checkpoint.patches)
    with torch.no_grad():
        quality.network.head.bias += 1
    trained = quality.as_checkpoint()
    assert (trained.id != checkpoint.id, trained.accuracy) == (True, {})
    torch.testing.assert_close(ImageQuality(trained)(image), quality(image))


@pytest.mark.parametrize("outputs", [1, 2, 10])
def test_scores_of_logits(outputs):
    logits = np.random.default_rng(0).standard_normal((5, outputs)).astype(np.float32)
    np.testing.assert_allclose(score_tensor(torch.from_numpy(logits), 3), mean_opinion(logits, 3), rtol=1e-5)


def test_a_scale_of_ones_own_and_its_slopes():
    scores = torch.tensor([-3.0, -0.5, 0.0, 0.5, 0.9, 2.0, 7.0], requires_grad=True)
    mapped = map_tensor(scores, OWN)
    np.testing.assert_allclose(mapped.detach(), OWN.apply(scores.detach()), rtol=1e-6)
    mapped.sum().backward()
    first, second, third = 1.5 / 0.7, 0.1 / 0.7, 2.4 / 3.1
    np.testing.assert_allclose(scores.grad, [first, first, first, second, third, third, third], rtol=1e-5)


@pytest.mark.parametrize(("module", "named"), [("quality", "scoring in torch"), ("loss", "a loss in torch")])
def test_without_torch_the_extra_is_named(module, named, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, f"musiq.{module}", raising=False)
    with pytest.raises(MissingExtraError, match=rf"{named} needs the extra 'musiq\[train\]'"):
        importlib.import_module(f"musiq.{module}")
