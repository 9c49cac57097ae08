"""examples/serve_elsewhere.py against musiq."""

import json
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from musiq.export.facts import preprocess_json
from musiq.patches import PatchConfig, collate, patchify

EXAMPLE = Path(__file__).parents[2] / "examples" / "serve_elsewhere.py"
FIELDS = ("pixels", "cell", "scale", "valid")
CONFIGS = (
    PatchConfig(),
    PatchConfig((256, 384), patch_size=128, padding="mirror", longest_px=400),
    PatchConfig((64,), native=False, aspect="square", patch_size=16, grid_size=3),
    PatchConfig((), grid_size=7),
)
SIZES = ((1, 1), (31, 31), (7, 640), (427, 100), (300, 451), (385, 513))


@pytest.fixture(scope="module")
def example():
    return runpy.run_path(str(EXAMPLE))


def random_photo(size) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8))


def facts_of(checkpoint) -> dict:
    return json.loads(preprocess_json(checkpoint))


def run_example(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """As from a command line where musiq is not installed."""
    code = (
        f"import sys; sys.modules['musiq'] = None; import runpy; runpy.run_path({str(EXAMPLE)!r}, run_name='__main__')"
    )
    return subprocess.run([sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.id)
def test_patches_are_musiqs(config, example, kinds):
    model = replace(
        kinds["residual"].checkpoint.model,
        scales=config.scales,
        grid_size=config.grid_size,
        patch_size=config.patch_size,
    )
    patches = facts_of(replace(kinds["residual"].checkpoint, model=model, patches=config))["patches"]
    together = []
    for size in SIZES:
        photo = random_photo(size)
        ours, theirs = patchify(np.asarray(photo), config), example["make_inputs"](photo, patches)
        for name in FIELDS:
            assert theirs[name].dtype == getattr(ours, name).dtype, name
            np.testing.assert_allclose(theirs[name], getattr(ours, name), rtol=0, atol=1e-5, err_msg=f"{name} {size}")
        together.append((ours, theirs))
    ours, theirs = collate([one for one, _ in together]), example["pad_together"]([other for _, other in together])
    for name in FIELDS:
        np.testing.assert_allclose(theirs[name], getattr(ours, name), rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("kind", ["residual", "inverted"])
def test_scores_from_the_command_line(kind, kinds, graphs, scorers, pictures, tmp_path):
    (tmp_path / "model.onnx").write_bytes(graphs[kind])
    (tmp_path / "preprocess.json").write_bytes(preprocess_json(kinds[kind].checkpoint))
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    names = [f"{name}.png" for name in pictures]
    done = run_example(tmp_path, ".", *names)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [name for _, name in lines] == names
    for (score, _), pixels in zip(lines, pictures.values(), strict=True):
        assert float(score) == pytest.approx(scorers[kind].score(pixels).mos, abs=0.006)


def test_other_profiles_are_refused(example):
    with pytest.raises(SystemExit, match="wants pyiqa-bicubic"):
        example["make_inputs"](random_photo((9, 9)), {"profile": "pyiqa-bicubic"})


def test_photos_stand_upright_and_bad_files_are_named(kinds, graphs, scorers, tmp_path):
    (tmp_path / "model.onnx").write_bytes(graphs["residual"])
    (tmp_path / "preprocess.json").write_bytes(preprocess_json(kinds["residual"].checkpoint))
    exif = Image.Exif()
    exif[0x0112] = 6
    random_photo((90, 200)).save(tmp_path / "turned.png", exif=exif)
    random_photo((90, 200)).save(tmp_path / "plain.png")
    (tmp_path / "bad.png").write_bytes(b"no image")
    done = run_example(tmp_path, ".", "bad.png", "missing.png", "turned.png", "plain.png")
    assert done.returncode == 1
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["bad.png", "missing.png"]
    scores = {name: float(score) for score, name in map(str.split, done.stdout.splitlines())}
    for name in ("turned.png", "plain.png"):
        assert scores[name] == pytest.approx(scorers["residual"].score(tmp_path / name).mos, abs=0.006)
    assert abs(scores["turned.png"] - scores["plain.png"]) > 0.02


@pytest.mark.parametrize("arguments", [(), (".",), ("no-folder", "a.jpg"), ("--help",)])
def test_wrong_usage_is_told(arguments, tmp_path):
    done = run_example(tmp_path, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("usage: serve_elsewhere.py FOLDER PHOTO...")
