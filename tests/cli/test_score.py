import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from musiq.cli.paths import expand

BAD = {
    "truncated.jpg": "truncated",
    "empty.jpg": "empty file (0 bytes)",
    "text.jpg": "not an image",
    "bomb.png": "20000 x 11000 = 220,000,000 pixels exceed the limit of 200,000,000",
}
GOOD = {
    "good.png": (300, 451),
    "deep.png": (300, 451),
    "alpha.png": (300, 451),
    "cmyk.jpg": (300, 451),
    "turned.jpg": (451, 300),
    "dot.png": (1, 1),
    "strip.png": (9, 12_000),
}


def test_a_mixed_folder(run, tiny_folder, mixed_folder, reference_scores):
    result = run("score", mixed_folder, "--checkpoint", tiny_folder, "--format", "jsonl")
    assert result.exit_code == 1
    rows = {Path(row["path"]).name: row for row in map(json.loads, result.stdout.splitlines())}
    assert set(rows) == set(BAD) | set(GOOD)
    for name, reason in BAD.items():
        assert reason in rows[name]["error"]
        assert name in rows[name]["error"]
        assert rows[name]["score"] is None
    for name, (height, width) in GOOD.items():
        assert rows[name]["error"] is None
        assert (rows[name]["height"], rows[name]["width"]) == (height, width)
        assert isinstance(rows[name]["score"], float)
    expected = reference_scores["tiny-multiscale"]["results"]["chelsea_300x451"]["mos"]
    for name in ("good.png", "alpha.png"):
        assert rows[name]["score"] == pytest.approx(expected, rel=1e-4)
    assert f"{len(BAD)} of {len(rows)} files failed" in result.stderr


def test_csv_and_output_file(run, tiny_folder, mixed_folder, tmp_path):
    out = tmp_path / "scores.csv"
    result = run("score", mixed_folder / "good.png", "--checkpoint", tiny_folder, "--format", "csv", "--output", out)
    assert result.exit_code == 0
    assert result.stdout == ""
    (row,) = csv.DictReader(out.read_text().splitlines())
    assert (row["width"], row["height"], row["error"]) == ("451", "300", "")


def test_table(run, tiny_folder, mixed_folder):
    result = run("score", mixed_folder, "--checkpoint", tiny_folder)
    lines = {line.split()[2]: line for line in result.stdout.splitlines()[1:]}
    assert "451x300" in lines[str(mixed_folder / "good.png")]
    assert "failed: empty file (0 bytes)" in lines[str(mixed_folder / "empty.jpg")]
    assert "EXIF orientation 6 applied" in lines[str(mixed_folder / "turned.jpg")]


def test_file_names_cannot_steer_the_terminal(run, tiny_folder, mixed_folder, tmp_path):
    odd = tmp_path / "a\x1b[31m[bold]b.png"
    odd.write_bytes((mixed_folder / "good.png").read_bytes())
    result = run("score", odd, "--checkpoint", tiny_folder)
    assert "\x1b" not in result.stdout
    assert "[bold]b.png" in result.stdout


def test_runtimes_agree(run, tiny_folder, mixed_folder):
    scores = []
    for runtime in ("onnx", "torch"):
        result = run(
            "score", mixed_folder / "good.png", "--checkpoint", tiny_folder, "--runtime", runtime, "--format", "jsonl"
        )
        scores.append(json.loads(result.stdout)["score"])
    assert scores[0] == pytest.approx(scores[1], rel=1e-4)


@pytest.mark.parametrize(
    "arguments",
    [
        ["score"],
        ["score", "x.png", "--format", "xml"],
        ["score", "x.png", "--checkpoint", "nowhere"],
        ["score", "x.png", "--threads", "0"],
        ["score", "x.png", "--device", "cuda"],
        ["score", "x.png", "--output", "/nowhere/at/all.csv"],
    ],
)
def test_wrong_usage_exits_2(run, arguments):
    assert run(*arguments).exit_code == 2


def test_an_empty_folder_is_wrong_usage(run, tmp_path):
    result = run("score", tmp_path)
    assert result.exit_code == 2
    assert "no images in" in str(result.exception)


def test_as_a_process(tiny_folder, mixed_folder):
    command = [sys.executable, "-m", "musiq", "score", str(mixed_folder), "--checkpoint", str(tiny_folder)]
    done = subprocess.run([*command, "--format", "jsonl"], capture_output=True, text=True)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == len(BAD) + len(GOOD)
    done = subprocess.run(
        [sys.executable, "-m", "musiq", "score", "x.png", "--checkpoint", "no"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("musiq: no: no such file or folder")


def test_paths_are_expanded(tmp_path):
    for name in ("b.JPG", "a.png", "c.txt", "sub/d.webp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    names = lambda arguments, recursive=False: [path.name for path in expand(map(str, arguments), recursive)]  # noqa: E731
    assert names([tmp_path]) == ["a.png", "b.JPG"]
    assert names([tmp_path], recursive=True) == ["a.png", "b.JPG", "d.webp"]
    assert names([tmp_path / "*.p*", tmp_path / "a.png"]) == ["a.png"]
    assert names([tmp_path / "missing.png"]) == ["missing.png"]
    assert names([tmp_path / "*.gif"]) == ["*.gif"]
