"""Every case of scores.json, on every runtime."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from musiq.checkpoint import Checkpoint
from musiq.config import ModelConfig
from musiq.errors import CheckpointError
from musiq.patches import PatchConfig, patch_sequence
from musiq.published import published_name, read_published
from musiq.runtime import open_runtime
from musiq.runtime.export import export_graphs
from musiq.scores import mean_opinion
from tests.conftest import random_weights
from tests.published_layout import published_arrays

CASES = ("tiny-multiscale", "tiny-distribution", "tiny-single", "tiny-multiscale-cut100")
GRAPHS = ("onnx", "openvino")  # run the exported graphs; torch runs `model.py`
RUNTIMES = (*GRAPHS, "torch")


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("case", CASES)
def test_scores_equal_the_reference(case, runtime, reference_scores, reference_image, tiny_checkpoints):
    checkpoint = tiny_checkpoints[case.removesuffix("-cut100")]
    opened = open_runtime(checkpoint, runtime)
    results = reference_scores[case]["results"]
    assert len(results) == 9
    for image, expected in results.items():
        cut = (lambda rows, columns: np.arange(min(100, rows * columns))) if case.endswith("cut100") else None
        sequence = patch_sequence(reference_image(image), checkpoint.patches, cut)
        assert len(sequence) == expected["tokens"]
        logits = opened.logits([sequence])
        for ours, theirs in zip(
            [*logits[0], mean_opinion(logits)[0]], [*expected["logits"], expected["mos"]], strict=True
        ):
            assert abs(ours - theirs) <= 1e-4 * max(1, abs(theirs)), image


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_batched_equals_one_by_one(runtime, tiny, reference_image):
    opened = open_runtime(tiny, runtime)
    names = ("rocket_tall_427x100", "synthetic_31x31", "chelsea_300x451")
    images = [patch_sequence(reference_image(name), tiny.patches) for name in names]
    alone = np.concatenate([opened.logits([image]) for image in images])
    np.testing.assert_allclose(opened.logits(images), alone, rtol=1e-5)


VARIANTS = {
    "sinusoid": ModelConfig(width=24, depth=2, mlp=48, spatial="sinusoid"),
    "no embeddings": ModelConfig(width=24, depth=2, mlp=48, spatial="none", scale_embedding=False),
    "small stem": ModelConfig(width=36, depth=1, heads=3, mlp=40, stem=24, stem_groups=8, patch_size=16, grid_size=5),
    "inverted stem": ModelConfig(width=24, depth=1, heads=3, mlp=40, stem_units=9, patch_size=64),
    "linear stem": ModelConfig(width=24, depth=1, heads=3, mlp=40, stem=0, patch_size=16),
    "whole Lite0": ModelConfig(width=24, depth=1, heads=3, mlp=40, stem_units=16, patch_size=32),
}


@pytest.mark.parametrize("runtime", GRAPHS)
@pytest.mark.parametrize("name", VARIANTS)
def test_exported_variants_equal_torch(name, runtime, photo, shared_exports):
    model = VARIANTS[name]
    patches = PatchConfig(patch_size=model.patch_size, grid_size=model.grid_size)
    checkpoint = Checkpoint(name, random_weights(model), model, patches, graphs=export_graphs(model))
    image = patch_sequence(photo, patches)
    ours, torchs = (open_runtime(checkpoint, name).logits([image]) for name in (runtime, "torch"))
    np.testing.assert_allclose(ours, torchs, rtol=1e-4, atol=1e-5)


SIZES = ((1, 1), (7, 640), (33, 1000), (1080, 1920))


@pytest.mark.parametrize(("scales", "outputs", "sizes"), [(3, 1, SIZES), (1, 10, SIZES[:3])])
def test_the_papers_network_agrees_on_every_runtime(scales, outputs, sizes, tmp_path):
    np.savez(tmp_path / "full.npz", **published_arrays(scales=scales, outputs=outputs))
    checkpoint = read_published(tmp_path / "full.npz")
    assert checkpoint.model == ModelConfig(scales=scales, outputs=outputs)
    *others, torch = (open_runtime(checkpoint, runtime) for runtime in RUNTIMES)
    rng = np.random.default_rng(0)
    for size in sizes:
        image = patch_sequence(rng.integers(0, 256, (*size, 3), np.uint8), checkpoint.patches)
        expected = torch.logits([image])
        for other in others:
            np.testing.assert_allclose(other.logits([image]), expected, rtol=1e-4, atol=1e-5, err_msg=other.name)


def test_wrong_device_and_runtime_are_refused(tiny):
    with pytest.raises(ValueError, match="runs on the cpu"):
        open_runtime(tiny, "onnx", "cuda")
    with pytest.raises(ValueError, match="unknown runtime 'jax'"):
        open_runtime(tiny, "jax")


def test_without_torch_an_unknown_architecture_says_what_to_install(tiny, monkeypatch):
    monkeypatch.delitem(sys.modules, "musiq.runtime.export")
    monkeypatch.setitem(sys.modules, "onnxscript", None)  # importing it fails as if it were not installed
    with pytest.raises(CheckpointError, match=r"no graph for this architecture.*musiq\[train\]"):
        open_runtime(replace(tiny, graphs=None), "onnx")


def test_published_names_cover_every_weight():
    names = {published_name(name) for name in random_weights(ModelConfig(depth=2))}
    assert len(names) == len(random_weights(ModelConfig(depth=2)))
