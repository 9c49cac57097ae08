import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from musiq.checkpoint import save_checkpoint
from musiq.runtime import precision
from musiq.scores import Calibration, Population, ScoreRange
from musiq.store import Store
from musiq.store.holdings import find_scorings
from tests.conftest import REFERENCE

BAD = {
    "truncated.jpg": "cut off or damaged",
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


def test_what_a_score_means(run, tiny, mixed_folder, tmp_path):
    meaning = {
        "score": ScoreRange(-1000, 1000),
        "population": Population("two", (-1000.0, 1000.0)),
        "model": replace(tiny.model, outputs=2),
        "calibration": Calibration(0.9, 2.0, "some photos"),
    }
    head = {"head.weight": np.zeros((2, 24), np.float32), "head.bias": np.array([250, np.log(7)], np.float32)}
    save_checkpoint(replace(tiny, weights={**tiny.weights, **head}, **meaning), tmp_path / "sure")
    table = run("score", mixed_folder, "--checkpoint", tmp_path / "sure").stdout.splitlines()
    assert table[0].split() == ["score", "+-", "better", "than", "band", "size", "image", "remarks"]
    good, empty = (next(line for line in table if name in line).split() for name in ("good.png", "empty.jpg"))
    assert good[:6] == ["250.00", "14.0", "62", "%", "good", "451x300"]
    assert empty[:2] == ["-", "-"]
    rows = run("score", mixed_folder / "good.png", "--checkpoint", tmp_path / "sure", "--format", "csv").stdout
    (row,) = csv.DictReader(rows.splitlines())
    found = [float(row[name]) for name in ("interval_low", "interval_high", "coverage", "percentile")]
    assert found == pytest.approx([236, 264, 0.9, 62.5])
    assert row["band"] == "good"


def test_file_names_cannot_steer_the_terminal(run, tiny_folder, mixed_folder, tmp_path):
    odd = tmp_path / "a\x1b[31m[bold]b.png"
    odd.write_bytes((mixed_folder / "good.png").read_bytes())
    result = run("score", odd, "--checkpoint", tiny_folder)
    assert "\x1b" not in result.stdout
    assert "[bold]b.png" in result.stdout


def test_runtimes_agree(run, tiny_folder, mixed_folder):
    scores = {}
    for runtime in ("onnx", "openvino", "torch"):
        result = run(
            "score", mixed_folder / "good.png", "--checkpoint", tiny_folder, "--runtime", runtime, "--format", "jsonl"
        )
        scores[runtime] = json.loads(result.stdout)["score"]
    assert scores == pytest.approx(dict.fromkeys(scores, scores["torch"]), rel=1e-4)


@pytest.mark.parametrize(
    "arguments",
    [
        ["score"],
        ["score", "x.png", "--format", "xml"],
        ["score", "x.png", "--checkpoint", "nowhere"],
        ["score", "x.png", "--threads", "0"],
        ["score", "x.png", "--workers", "0"],
        ["score", "x.png", "--max-patches", "0"],
        ["score", "x.png", "--device", "cuda"],
        ["score", "x.png", "--output", "/nowhere/at/all.csv"],
    ],
)
def test_wrong_usage_exits_2(run, arguments):
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    ("size", "why"), [("2XB", "'2XB' is not a size in bytes such as 2GB"), ("0", "must be above 0")]
)
def test_a_memory_limit_that_is_none_says_why(size, why, run):
    result = run("score", "x.png", "--max-memory", size)
    assert result.exit_code == 2
    assert why in " ".join(result.stderr.replace("│", " ").split())


def test_an_image_above_the_memory_limit_is_named(run, tiny_folder, mixed_folder):
    paths = [mixed_folder / "good.png", mixed_folder / "dot.png"]
    result = run("score", *paths, "--checkpoint", tiny_folder, "--max-memory", "1 KB", "--format", "jsonl")
    assert result.exit_code == 1
    for path, size, row in zip(paths, ("451 x 300", "1 x 1"), map(json.loads, result.stdout.splitlines()), strict=True):
        assert row["score"] is None
        assert row["path"] == str(path)
        assert row["error"].startswith(f"{size} pixels take about ")
        assert "left of the limit of 0 MB" in row["error"]
    enough = run("score", *paths, "--checkpoint", tiny_folder, "--max-memory", "64GiB")
    assert enough.exit_code == 0


@pytest.mark.parametrize("format", ["table", "csv", "jsonl"])
def test_a_cap_on_patches_is_visible_in_every_format(format, run, tiny_folder, mixed_folder):
    arguments = ("--checkpoint", tiny_folder, "--format", format, "--max-patches", 24)
    result = run("score", mixed_folder / "good.png", mixed_folder / "dot.png", *arguments)
    assert result.exit_code == 0
    (large,) = [line for line in result.stdout.splitlines() if "good.png" in line]
    (small,) = [line for line in result.stdout.splitlines() if "dot.png" in line]
    assert "approximate: 24 of 150 native patches" in large
    assert "approximate" not in small
    assert (format == "table") != ("/max24" in large)
    assert "/max24" not in small


def test_workers_change_no_score(run, tiny_folder, mixed_folder):
    outputs = []
    for workers in (1, 3):
        result = run("score", mixed_folder, "--checkpoint", tiny_folder, "--workers", workers)
        assert result.exit_code == 1
        outputs.append(result.stdout)
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize("asked", ["bf16", "int8"])
def test_a_precision_that_the_processor_lacks_is_wrong_usage(asked, run, tiny_folder, mixed_folder, monkeypatch):
    monkeypatch.setattr(precision, "processor_instructions", frozenset)
    result = run("score", mixed_folder / "good.png", "--checkpoint", tiny_folder, "--precision", asked)
    assert result.exit_code == 2
    assert f"this processor has no instructions for {asked}" in str(result.exception)


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


def test_profiles_are_kept_apart_in_a_store(call, tiny_folder, mixed_folder, tmp_path):
    common = ("--checkpoint", tiny_folder, "--store", tmp_path / "s.sqlite", "--format", "jsonl")
    scores = {}
    for profile in ("google-v1", "pyiqa-bicubic", "google-v1"):
        result = call("score", mixed_folder / "good.png", *common, "--preprocess", profile)
        row = json.loads(result.stdout)
        assert row["preprocess"] == f"{profile}/224+384+native/p32/g10"
        assert ("preprocessing pyiqa-bicubic" in result.stderr) == (profile == "pyiqa-bicubic")
        assert scores.setdefault(profile, row["score"]) == row["score"]
    assert scores["google-v1"] != pytest.approx(scores["pyiqa-bicubic"], rel=1e-5)
    plain = json.loads(call("score", mixed_folder / "good.png", *common).stdout)
    assert plain["score"] == scores["google-v1"]
    with Store(tmp_path / "s.sqlite") as store:
        assert {scoring.preprocess.partition("/")[0] for scoring in find_scorings(store)} == set(scores)


@pytest.mark.parametrize("command", ["rank", "pick", "compare", "explain", "video", "serve", "evaluate", "dedupe"])
def test_every_command_that_scores_takes_a_profile(command, call):
    assert "--preprocess" in call(command, "--help").output


def test_an_imported_file_may_keep_a_profile(call, tiny_folder, mixed_folder, tmp_path):
    source = REFERENCE / "tiny-multiscale.npz"
    call("checkpoints", "import", source, tmp_path / "old", "--preprocess", "pyiqa-bicubic")
    photo = mixed_folder / "good.png"
    (kept, asked) = (
        json.loads(call("score", photo, "--format", "jsonl", *options).stdout)["score"]
        for options in (
            ("--checkpoint", tmp_path / "old"),
            ("--checkpoint", tiny_folder, "--preprocess", "pyiqa-bicubic"),
        )
    )
    assert kept == asked
    ranked = json.loads(
        call("rank", photo, "--checkpoint", tiny_folder, "--preprocess", "pyiqa-bicubic", "--format", "jsonl").stdout
    )
    assert ranked["score"] == pytest.approx(asked, abs=0.01)
