"""Each format in its own runtime, against scores that the published code or musiq's own runtimes compute."""

import subprocess
import sys
from dataclasses import replace
from importlib import import_module

import numpy as np
import onnx
import openvino
import pytest
import torch
from safetensors import safe_open

from musiq.export.network import ScoringNetwork
from musiq.patches import PatchBatch, collate, patchify
from musiq.scores import OwnScale
from tests.export.conftest import KINDS, OWN

FORMATS = ("onnx", "openvino", "torch_export", "safetensors")


@pytest.fixture(scope="session")
def folders(kinds, graphs, tmp_path_factory):
    """A folder for each kind, with the files of all formats."""
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        for name in KINDS:
            made[name] = tmp_path_factory.mktemp(name)
            for module in ("onnx", "openvino"):  # converted once
                patch.setattr(f"musiq.export.{module}.to_onnx", lambda exported, graph=graphs[name]: graph)
            for module in FORMATS:
                import_module(f"musiq.export.{module}").write(kinds[name], made[name])
    return made


def with_junk(batch: PatchBatch) -> PatchBatch:
    """The same photos, with other numbers in what is padded."""
    padded = ~batch.valid
    pixels, cell, scale = batch.pixels.copy(), batch.cell.copy(), batch.scale.copy()
    pixels[padded], cell[padded], scale[padded] = 0.7, 1, 0
    return PatchBatch(pixels, cell, scale, batch.valid)


@pytest.mark.parametrize("module", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_scores_alone_and_padded(kind, module, folders, kinds, scorers, pictures, reference_scores):
    run = import_module(f"musiq.export.{module}").load(folders[kind])
    checkpoint = kinds[kind].checkpoint
    expected = [scorers[kind].score(image).mos for image in pictures.values()]
    if kind == "residual":
        results = reference_scores["tiny-multiscale"]["results"]
        expected = [results[name]["mos"] for name in pictures]
    batches = [patchify(image, checkpoint.patches) for image in pictures.values()]
    together = collate(batches)
    assert not together.valid.all()
    alone = np.concatenate([run(batch) for batch in batches])
    for found in (alone, run(together), run(with_junk(together))):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_onnx_is_one_file_in_standard_operators(kind, folders, kinds):
    path = folders[kind] / "model.onnx"
    model, checkpoint = onnx.load(path), kinds[kind].checkpoint
    onnx.checker.check_model(model, full_check=True)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 18)]
    assert not model.functions
    assert {node.domain for node in model.graph.node} == {""}
    assert all(weight.data_location != onnx.TensorProto.EXTERNAL for weight in model.graph.initializer)
    assert b"/musiq" not in path.read_bytes()
    side = checkpoint.patches.patch_size
    sizes = {
        value.name: [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    }
    tokens = ["images", "tokens"]
    assert sizes == {
        "pixels": [*tokens, 3, side, side],
        "cell": tokens,
        "scale": tokens,
        "valid": tokens,
        "logits": ["images", checkpoint.model.outputs],
        "score": ["images"],
    }


def test_each_file_says_what_it_is(folders, kinds):
    folder, checkpoint = folders["inverted"], kinds["inverted"].checkpoint
    expected = {
        "name": "inverted",
        "weights_sha256": checkpoint.id,
        "preprocess": f"google-v1/48+96+native/p32/g5/mirror/within200/scale-{OWN.id}",
        "range": "1 to 5",
        "direction": "higher is better",
        "licence": "CC0",
        "training_data": "AVA",
    }
    assert {entry.key: entry.value for entry in onnx.load(folder / "model.onnx").metadata_props} == expected
    model = openvino.Core().read_model(folder / "model.xml")
    assert {name: model.get_rt_info(["musiq", name]).astype(str) for name in expected} == expected
    with safe_open(folder / "model.safetensors", "np") as file:
        assert expected.items() <= file.metadata().items()


def test_bare_weights_are_those_of_the_checkpoint_in_float32(folders, kinds):
    with safe_open(folders["inverted"] / "model.safetensors", "np") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    weights = kinds["inverted"].checkpoint.weights
    assert set(arrays) == set(weights)
    for name, array in arrays.items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, weights[name])


def test_openvino_keeps_float32_and_inputs_that_nothing_reads(folders, kinds):
    weights = sum(array.size for array in kinds["residual"].checkpoint.weights.values())
    assert (folders["residual"] / "model.bin").stat().st_size >= 4 * weights
    inputs = openvino.Core().read_model(folders["inverted"] / "model.xml").inputs
    assert {value.any_name for value in inputs} == {"pixels", "cell", "scale", "valid"}


WITHOUT_MUSIQ = """
import sys, warnings
sys.modules["musiq"] = None
warnings.simplefilter("ignore")
import torch
extra = {"musiq.json": ""}
network = torch.export.load(sys.argv[1], extra_files=extra).module()
for images, tokens in ((1, 1), (3, 20)):
    index = torch.zeros(images, tokens, dtype=torch.long)
    logits, score = network(torch.zeros(images, tokens, 3, 32, 32), index, index, torch.ones(images, tokens).bool())
    print(tuple(logits.shape), tuple(score.shape))
print(extra["musiq.json"])
"""


def test_torch_loads_its_program_without_musiq(folders):
    command = [sys.executable, "-c", WITHOUT_MUSIQ, str(folders["inverted"] / "model.pt2")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    *sizes, facts = done.stdout.splitlines()
    assert sizes == ["(1, 10) (1,)", "(3, 10) (3,)"]
    assert '"training_data": "AVA"' in facts
    assert b"musiq/model.py" not in (folders["inverted"] / "model.pt2").read_bytes()


def test_two_outputs_and_vits_stem(kinds, scorers, pictures):
    checkpoint, picture = kinds["linear"].checkpoint, pictures["chelsea_300x451"]
    fields = map(torch.from_numpy, vars(patchify(picture, checkpoint.patches)).values())
    logits, score = ScoringNetwork(checkpoint)(*fields)
    assert logits.shape == (1, 2)
    assert float(score) == pytest.approx(scorers["linear"].score(picture).mos, rel=1e-4)


@pytest.mark.parametrize("own", [OWN, OwnScale(0, 100, (1.0, 2.0), (20.0, 30.0))])
def test_the_scale_of_ones_own_is_the_checkpoints(own, kinds):
    scores = np.linspace(-9, 9, 181, dtype=np.float32)
    network = ScoringNetwork(replace(kinds["linear"].checkpoint, own_scale=own)).own_scale
    np.testing.assert_allclose(network(torch.from_numpy(scores)), own.apply(scores), rtol=1e-5, atol=1e-5)
