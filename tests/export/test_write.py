import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from musiq.errors import CheckpointError, MissingExtraError, OutputError
from musiq.export.write import export_checkpoint
from musiq.image import DecodedImage


@pytest.fixture
def photos(photo):
    return [DecodedImage(photo, "cat"), DecodedImage(photo[:40, :90], "ear")]


def test_what_stands_beside_the_file(tiny, photos, tmp_path):
    found = export_checkpoint(tiny, "safetensors", tmp_path / "out", photos)
    assert found.photos == 2
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"model.safetensors", "preprocess.json", "README.md"}
    facts = json.loads((tmp_path / "out" / "preprocess.json").read_text())
    assert facts["weights_sha256"] == tiny.id
    assert facts["preprocess"] == "google-v1/224+384+native/p32/g10"
    assert facts["patches"]["longer_sides"] == [224, 384]
    assert facts["inputs"]["pixels"] == {"type": "float32", "shape": ["B", "L", 3, 32, 32]}
    assert facts["outputs"]["logits"]["shape"] == ["B", 1]
    assert facts["score"] == {"low": None, "high": None, "higher_is_better": True, "factor": 1.0}


def test_the_readmes_lines_run(tiny, photos, tmp_path, monkeypatch):
    from musiq.patches import patchify

    export_checkpoint(tiny, "safetensors", tmp_path / "out", photos)
    code = (tmp_path / "out" / "README.md").read_text().split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(tmp_path / "out")
    names = {"inputs": vars(patchify(photos[0].pixels, tiny.patches))}
    exec(code, names)
    from musiq.scorer import Scorer

    assert names["score"] == pytest.approx(Scorer.load(tiny).score(photos[0]).mos, abs=1e-4)


def test_a_file_that_scores_otherwise_is_not_written(tiny, photos, tmp_path, monkeypatch):
    from musiq.export import safetensors

    load = safetensors.load
    monkeypatch.setattr(safetensors, "load", lambda folder: lambda batch: load(folder)(batch) + 1)
    with pytest.raises(OutputError, match="cat: scores"):
        export_checkpoint(tiny, "safetensors", tmp_path / "out", photos)
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_without_a_score_is_refused(tiny, tmp_path):
    head = {"head.weight": np.zeros((1000, 24), np.float32), "head.bias": np.zeros(1000, np.float32)}
    classes = replace(tiny, model=replace(tiny.model, outputs=1000), weights={**tiny.weights, **head})
    with pytest.raises(CheckpointError, match="1000 outputs are no quality score"):
        export_checkpoint(classes, "safetensors", tmp_path / "out")


@pytest.mark.parametrize(
    ("package", "format", "extra"),
    [("onnxscript", "onnx", "train"), ("openvino", "openvino", "openvino")],
)
def test_what_is_missing_is_named(package, format, extra, tiny, tmp_path, monkeypatch):
    for module in [name for name in sys.modules if name.startswith(("musiq.export.o", "musiq.runtime.openvino"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)  # importing it fails as if it were not installed
    with pytest.raises(MissingExtraError, match=rf"musiq\[{extra}\]"):
        export_checkpoint(tiny, format, tmp_path / "out")
