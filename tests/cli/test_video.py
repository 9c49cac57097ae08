import csv
import json
from functools import partial

import numpy as np
import pytest

from musiq.scorer import Scorer
from musiq.video import frames
from tests.clips import write_clip, write_sound


@pytest.fixture
def call(call):
    """Runs `musiq video`, which must exit with `code`."""
    return partial(call, "video")


@pytest.fixture
def clip(tmp_path):
    """4 s of 25 frames each."""
    return write_clip(tmp_path / "clip.mp4", 100)


def test_what_is_printed_of_a_clip(call, clip, tmp_path, default_checkpoint):
    scorer = Scorer.load(default_checkpoint)
    found = [(scorer.score(frame.pixels).mos, frame.time_s) for frame in frames(clip, 0.2)]
    scores = [score for score, _ in found]
    result = call(clip, "--every", 0.2)
    names, line = (row.split() for row in result.stdout.splitlines())
    assert names == ["frames", "mean", "low", "worst", "at", "best", "at", "clip", "remarks"]
    (worst, worst_s), (best, best_s) = min(found), max(found)
    numbers = [np.mean(scores), np.percentile(scores, 5), worst, worst_s, best, best_s]
    assert line[0] == "20"
    assert [float(cell) for cell in line[1:9] if cell != "s"] == pytest.approx(numbers, abs=0.006)
    assert line[9] == str(clip)


def test_it_says_what_it_does_not_judge(call, clip):
    said = call(clip, "--frames", 1).stderr
    assert "frame quality, not video quality: motion, flicker, stutter and sound are not judged" in said
    assert "low is the 5th percentile" in said
    told = " ".join(call("--help").output.split())
    assert "It is frame quality and not video quality" in told


@pytest.mark.parametrize("arguments", [["--output", "out.csv"], ["--output", "out", "--format", "jsonl"]])
def test_a_row_for_each_frame(arguments, call, clip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):  # the second replaces the first
        call("clip.mp4", "--every", 1, *arguments)
    text = (tmp_path / arguments[1]).read_text().splitlines()
    rows = list(csv.DictReader(text)) if arguments[1] == "out.csv" else list(map(json.loads, text))
    assert [row["path"] for row in rows] == [f"clip.mp4!{second}.000s" for second in range(4)]
    assert [(int(row["height"]), int(row["width"])) for row in rows] == [(48, 64)] * 4
    assert all(float(row["score"]) < 100 and row["preprocess"] and row["time"] for row in rows)


def test_parquet(call, clip, tmp_path):
    import pyarrow.parquet as pq

    call(clip, "--frames", 3, "--output", tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").column("path").to_pylist() == [
        f"{clip}!{time}s" for time in ("0.640", "2.000", "3.320")
    ]


def test_clips_that_fail_are_named_and_the_others_go_on(call, clip, tmp_path):
    whole = write_clip(tmp_path / "whole.mp4", 100, muxer={"movflags": "faststart"})
    shorter, text = tmp_path / "cut.mp4", tmp_path / "text.mp4"
    shorter.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    text.write_text("this is no video\n" * 99)
    sound, missing = write_sound(tmp_path / "sound.m4a"), tmp_path / "missing.mp4"
    result = call(shorter, text, sound, missing, clip, "--output", tmp_path / "out.csv", code=1)
    lines = {line.split("/")[-1].split()[0]: line for line in result.stdout.splitlines()[1:]}
    assert "cut off after" in lines["cut.mp4"]
    assert int(lines["cut.mp4"].split()[0]) >= 2
    assert "not-an-image: not a video" in lines["text.mp4"]
    assert "not-an-image: no video stream" in lines["sound.m4a"]
    assert "missing: no such file" in lines["missing.mp4"]
    assert lines["clip.mp4"].split()[0] == "4"
    assert "4 of 5 clips failed" in result.stderr
    rows = csv.DictReader((tmp_path / "out.csv").read_text().splitlines())
    failed = {row["path"]: row["kind"] for row in rows if row["kind"]}
    kinds = ("damaged", "not-an-image", "not-an-image", "missing")
    assert failed == dict(zip(map(str, (shorter, text, sound, missing)), kinds, strict=True))


def test_frames_that_fail_are_counted(call, clip, tmp_path):
    result = call(clip, "--max-memory", "1 KB", "--output", tmp_path / "out.jsonl", code=1)
    assert "4 frames failed" in result.stdout
    rows = list(map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines()))
    assert [row["path"] for row in rows] == [f"{clip}!{second}.000s" for second in range(4)]
    assert all(row["error"].startswith("64 x 48 pixels take about") for row in rows)


def test_names_cannot_steer_the_terminal(call, clip):
    odd = clip.with_name("a\x1b[31m\nb.mp4")
    clip.rename(odd)
    result = call(odd, "--frames", 1)
    assert "\x1b" not in result.output
    assert len(result.stdout.splitlines()) == 2


def test_quiet(call, clip):
    assert call(clip, "--frames", 1, "--quiet").stderr == ""


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["x.mp4", "--every", "0"],
        ["x.mp4", "--every", "1", "--frames", "2"],
        ["x.mp4", "--frames", "0"],
        ["x.mp4", "--format", "csv"],
        ["x.mp4", "--output", "x.csv", "--format", "table"],
        ["x.mp4", "--checkpoint", "nowhere"],
        ["x.mp4", "--output", "/nowhere/at/all.csv"],
    ],
)
def test_wrong_usage(arguments, call):
    call(*arguments, code=2)
