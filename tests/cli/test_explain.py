import json
import sys

import pytest
from PIL import Image


@pytest.fixture
def two_cats(tmp_path, photo):
    """A photo in each of two folders, of one name; and a file that is none."""
    for folder, size in (("a", 96), ("b", 128)):
        (tmp_path / folder).mkdir()
        Image.fromarray(photo[:size, :size]).save(tmp_path / folder / "cat.png")
    (tmp_path / "a" / "broken.jpg").write_text("no photo")
    return tmp_path / "a", tmp_path / "b"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_everything_of_one_photo(call, tiny_folder, two_cats, tmp_path):
    out = tmp_path / "out"
    result = call("explain", two_cats[1] / "cat.png", "--out", out, "--checkpoint", tiny_folder)
    assert names(out) == ["cat-attention.jpg", "cat-quality.jpg", "cat-sensitivity.svg", "cat.json"]
    data = json.loads((out / "cat.json").read_text())
    scored = json.loads(call("score", two_cats[1] / "cat.png", "--checkpoint", tiny_folder, "--format", "jsonl").stdout)
    assert data["score"]["mos"] == pytest.approx(scored["score"], rel=1e-5)
    assert {curve["change"] for curve in data["curves"]} == {"crop", "resize", "jpeg", "rotate"}
    assert len(data["maps"]["scales"]) == 3
    name, *lines = result.stdout.splitlines()
    assert name == str(two_cats[1] / "cat.png")
    assert [line.strip() for line in lines[:3]] == data["text"]
    assert all(str(out / name) in lines[-1] for name in names(out))
    assert "soft background counts as blurred" in result.stderr


def test_photos_of_one_name_and_a_bad_file(call, tiny_folder, two_cats, tmp_path):
    out = tmp_path / "out"
    command = ("explain", *two_cats, "--out", out, "--checkpoint", tiny_folder, "--no-attention", "--no-sensitivity")
    for _ in range(2):
        result = call(*command, code=1)
        assert "broken.jpg" in result.stderr
        assert result.stdout.count("Written:") == 2
        files = sorted(out.glob("*.json"))
        sizes = [json.loads(file.read_text())["score"]["width"] for file in files]
        assert sorted(sizes) == [96, 128]
        assert len(names(out)) == 4


def test_without_torch_there_is_no_attention(call, tiny_folder, two_cats, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "musiq.explain.network", raising=False)
    out = tmp_path / "out"
    options = ("--out", out, "--checkpoint", tiny_folder, "--no-sensitivity", "--runtime", "onnx")
    result = call("explain", two_cats[1], *options)
    assert "no attention is drawn" in result.stderr
    assert "musiq[train]" in result.stderr
    assert names(out) == ["cat-quality.jpg", "cat.json"]


def test_without_matplotlib_nothing_is_scored(run, tiny_folder, two_cats, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.axes", None)
    monkeypatch.delitem(sys.modules, "musiq.explain.panels", raising=False)
    result = run("explain", two_cats[1], "--out", tmp_path / "out", "--checkpoint", tiny_folder)
    assert result.exit_code == 2
    assert "musiq[explain]" in str(result.exception)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [["--out", "{file}"], ["--out", "{file}/x"], [], ["--checkpoint", "none"]])
def test_wrong_usage(run, two_cats, tmp_path, arguments):
    file = tmp_path / "a" / "cat.png"
    given = [part.format(file=file) for part in arguments]
    if arguments[:1] == ["--checkpoint"]:
        given += ["--out", str(tmp_path / "out")]
    assert run("explain", file, *given).exit_code == 2
