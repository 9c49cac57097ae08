"""`musiq score` over folders as they are: hostile files, runs that go on, archives and tables of the same images."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from musiq.cli import app
from musiq.inputs.item import portable
from tests.conftest import REFERENCE


def jsonl(text: str) -> dict[str, dict]:
    rows = list(map(json.loads, text.splitlines()))
    assert len({row["path"] for row in rows}) == len(rows)
    return {row["path"]: row for row in rows}


def csv_rows(path: Path) -> dict[str, dict]:
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len({row["path"] for row in rows}) == len(rows)
    return {row["path"]: row for row in rows}


def encoded(image: Image.Image, form: str = "png", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@pytest.fixture
def photos(tmp_path, photo) -> Path:
    """Six small photos, all different."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(6):
        Image.fromarray(photo[index * 20 : index * 20 + 60, :80]).save(folder / f"{index}.png")
    return folder


def endless_jpeg(photo: np.ndarray) -> bytes:
    """A progressive file whose last scan comes 2,000 times."""
    data = encoded(Image.fromarray(photo).resize((1200, 800)), "jpeg", progressive=True, quality=95)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * 2000 + b"\xff\xd9"


def make_hostile(folder: Path, photo: np.ndarray) -> dict[bytes, str]:
    """Files that no run should stumble over, and the kind of error of each."""
    good, small = encoded(Image.fromarray(photo)), encoded(Image.fromarray(photo[:40, :40]))
    bomb = encoded(Image.new("1", (20_000, 11_000)))
    files = {
        b"truncated.jpg": (encoded(Image.fromarray(photo), "jpeg")[:3000], "damaged"),
        b"bomb.png": (bomb, "too-large"),
        b"endless.jpg": (endless_jpeg(photo), "timeout"),
        b"text.jpg": (b"not a picture", "not-an-image"),
        b"empty.png": (b"", "empty"),
        b"broken-\xff\xfe.png": (good[:900], "damaged"),
        b"newline\nbroken.png": (good[:900], "damaged"),
    }
    for name, (content, _) in files.items():
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(content)
    for name in (b"good-\xe9.png", b"good\nnewline.png", b"[bold]\x1b.png"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(small)
    with open(folder / "hole.tif", "wb") as file:
        file.truncate(10**12)
    os.mkfifo(folder / "fifo.jpg")
    (folder / "circle.png").symlink_to("circle.png")
    (folder / "nowhere.png").symlink_to("gone.png")
    (folder / "zero.png").symlink_to("/dev/zero")
    (folder / "again").symlink_to(".")
    kinds = {b"hole.tif": "too-large", b"fifo.jpg": "not-a-file", b"circle.png": "link", b"nowhere.png": "link"}
    kinds |= {b"zero.png": "not-a-file", b"again": "link"}
    return {name: kind for name, (_, kind) in files.items()} | kinds


def test_a_folder_with_hostile_files_finishes_with_each_named(run, tiny_folder, photos, photo, tmp_path):
    kinds = make_hostile(photos, photo)
    out = tmp_path / "scores.csv"
    options = ("--recursive", "--checkpoint", tiny_folder, "--file-seconds", 1, "--output", out)
    result = run("score", photos, *options)
    assert result.exit_code == 1
    rows = csv_rows(out)
    failed = {path: row["kind"] for path, row in rows.items() if row["error"]}
    assert failed == {f"{photos}/{portable(os.fsdecode(name))}": kind for name, kind in kinds.items()}
    assert len(rows) - len(failed) == 6 + 3
    assert f"{len(kinds)} of {len(rows)} files failed" in result.stderr
    assert "\x1b" not in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(run, tiny_folder, photos):
    (photos / "0.png").chmod(0)
    rows = jsonl(run("score", photos, "--checkpoint", tiny_folder, "--format", "jsonl").stdout)
    assert rows[f"{photos}/0.png"]["kind"] == "permission"


@pytest.mark.parametrize("name", ["scores.csv", "scores.jsonl", "scores.parquet"])
def test_a_second_run_adds_what_is_new(name, run, tiny_folder, photos, tmp_path):
    arguments = ("score", photos, "--checkpoint", tiny_folder, "--output", tmp_path / name)
    last = (photos / "5.png").rename(tmp_path / "5.png")
    first = run(*arguments)
    assert "5 scored" in first.stderr
    last.rename(photos / "5.png")
    second = run(*arguments)
    assert second.exit_code == 0
    assert "1 scored, 5 skipped (already in the results)" in second.stderr
    from musiq.outputs import read_rows

    assert sorted(row.path for row in read_rows(tmp_path / name)) == [f"{photos}/{index}.png" for index in range(6)]


@pytest.mark.parametrize("name", ["scores.csv", "scores.jsonl", "scores.parquet"])
def test_a_second_run_tells_which_files_have_changed(name, run, tiny_folder, photos, tmp_path):
    arguments = ("score", photos, "--checkpoint", tiny_folder, "--output", tmp_path / name, "--quiet")
    (photos / "5.png").write_bytes(b"no photo")
    assert run(*arguments).exit_code == 1
    unchanged = run(*arguments)
    assert "1 of the skipped failed in an earlier run and were not tried again" in unchanged.stderr
    assert "changed" not in unchanged.stderr
    shutil.copy(photos / "1.png", photos / "0.png")
    (photos / "2.png").touch()
    result = run(*arguments)
    assert result.exit_code == 0
    assert f"1 of the skipped have changed since they were scored ({photos}/0.png) and keep" in result.stderr


def test_errors_are_kept_until_they_are_to_be_tried_again(run, tiny_folder, photos, tmp_path):
    out, store = tmp_path / "scores.csv", tmp_path / "scores.sqlite"
    arguments = ("score", photos, "--checkpoint", tiny_folder, "--output", out, "--store", store)
    good = (photos / "3.png").read_bytes()
    (photos / "3.png").write_bytes(good[:300])
    facts = (photos / "3.png").stat()
    assert run(*arguments).exit_code == 1
    (photos / "3.png").write_bytes(good)
    os.utime(photos / "3.png", ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert run(*arguments).exit_code == 0
    assert csv_rows(out)[f"{photos}/3.png"]["kind"] == "damaged"
    assert run(*arguments, "--retry-errors").exit_code == 0
    rows = csv_rows(out)
    assert len(rows) == 6
    assert rows[f"{photos}/3.png"]["error"] == ""


def test_results_of_another_checkpoint_are_not_continued(run, tiny_folder, tiny, photos, tmp_path):
    from dataclasses import replace

    from musiq.checkpoint import save_checkpoint

    out = tmp_path / "scores.csv"
    assert run("score", photos, "--checkpoint", tiny_folder, "--output", out).exit_code == 0
    bias = {"head.bias": tiny.weights["head.bias"] + 1}
    save_checkpoint(replace(tiny, weights=tiny.weights | bias), tmp_path / "other")
    other = ("score", photos, "--checkpoint", tmp_path / "other", "--output", out)
    result = run(*other)
    assert result.exit_code == 2
    assert "holds scores of" in str(result.exception)
    assert run(*other, "--overwrite").exit_code == 0
    assert len(csv_rows(out)) == 6


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet"])
def test_scores_under_a_cap_and_without_are_not_mixed(name, run, tiny_folder, photos, tmp_path):
    small, out = photos / "0.png", tmp_path / name  # 80 x 60: 6 patches
    arguments = ("score", small, "--checkpoint", tiny_folder, "--output", out)
    assert run(*arguments).exit_code == 0
    assert run(*arguments, "--max-patches", 6).exit_code == 0
    result = run(*arguments, "--max-patches", 5)
    assert result.exit_code == 2
    assert "/max5 fp32; choose another --output" in str(result.exception)
    assert run(*arguments, "--max-patches", 5, "--overwrite").exit_code == 0
    for options in ((), ("--max-patches", 4)):
        assert run(*arguments, *options).exit_code == 2


def test_a_store_keeps_scores_under_a_cap_apart(run, tiny_folder, photos, tmp_path):
    arguments = ("score", photos / "0.png", "--checkpoint", tiny_folder, "--store", tmp_path / "s.sqlite")
    notes = [run(*arguments, *cap, "--format", "csv").stdout for cap in ((), ("--max-patches", 5), ())]
    assert ["approximate" in text for text in notes] == [False, True, False]


def test_the_store_knows_renamed_and_moved_photos(run, tiny_folder, photos, tmp_path):
    store, out = tmp_path / "scores.sqlite", tmp_path / "scores.csv"
    run("score", photos, "--checkpoint", tiny_folder, "--store", store, "--output", out)
    before = {Path(path).name: row["score"] for path, row in csv_rows(out).items()}
    (photos / "0.png").rename(tmp_path / "renamed.png")
    (photos / "1.png").write_bytes((photos / "2.png").read_bytes())
    result = run("score", photos, tmp_path / "renamed.png", "--checkpoint", tiny_folder, "--store", store)
    assert "0 scored, 6 known to the store" in result.stderr
    rows = jsonl(run("store", "query", store, "--above", -1e9, "--format", "jsonl").stdout)
    assert rows[f"{tmp_path}/renamed.png"]["score"] == float(before["0.png"])
    assert rows[f"{photos}/1.png"]["score"] == float(before["2.png"])


def test_containers_give_the_scores_of_the_loose_files(run, tiny_folder, photos, tmp_path, monkeypatch):
    import pyarrow as pa
    from pyarrow import parquet

    monkeypatch.chdir(tmp_path)
    names = sorted(path.name for path in photos.iterdir())
    contents = [(photos / name).read_bytes() for name in names]
    for suffix, mode in (("tar", "w"), ("tgz", "w:gz")):
        with tarfile.open(f"a.{suffix}", mode) as archive:
            archive.add(photos, arcname="in")
    for shard in range(2):  # a WebDataset: an image and its facts have one stem
        with tarfile.open(f"shard-{shard:03d}.tar", "w") as archive:
            for name, content in list(zip(names, contents, strict=True))[shard::2]:
                for member, data in ((name, content), (name.replace("png", "json"), b"{}")):
                    info = tarfile.TarInfo(member)
                    info.size = len(data)
                    archive.addfile(info, io.BytesIO(data))
    with zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.write(photos / name, name)
    parquet.write_table(pa.table({"path": [f"photos/{name}" for name in names]}), "paths.parquet")
    images = [{"bytes": content, "path": None} for content in contents]
    parquet.write_table(pa.table({"image": images}), "images.parquet")
    Path("paths.csv").write_text("id,file\n" + "".join(f"1,{name}\n" for name in names))
    Path("paths.lst").write_text("".join(f"photos/{name}\n" for name in names))
    inputs = {
        "loose": ["photos"],
        "tar": ["a.tar"],
        "tgz": ["a.tgz"],
        "WebDataset": ["shard-{000..001}.tar"],
        "zip": ["a.zip"],
        "Parquet of paths": ["paths.parquet"],
        "Parquet of images": ["images.parquet"],
        "CSV": ["paths.csv", "--column", "file", "--relative-to", "photos"],
        "list": ["paths.lst"],
    }
    scores = {}
    for kind, arguments in inputs.items():
        result = run("score", *arguments, "--checkpoint", tiny_folder, "--format", "jsonl")
        assert result.exit_code == 0, result.stderr
        scores[kind] = {row["content"]: row["score"] for row in jsonl(result.stdout).values()}
        assert len(scores[kind]) == 6
    assert scores == dict.fromkeys(inputs, scores["loose"])


def test_a_list_on_stdin(tiny_folder, photos):
    from typer.testing import CliRunner

    listed = b"\0".join(os.fsencode(path) for path in sorted(photos.iterdir()))
    arguments = ["score", "-", "--checkpoint", str(tiny_folder), "--format", "jsonl"]
    result = CliRunner().invoke(app, arguments, input=listed)
    assert list(jsonl(result.stdout)) == [f"{photos}/{index}.png" for index in range(6)]


def test_quiet_and_log(run, tiny_folder, photos, tmp_path):
    (photos / "bad.png").write_bytes(b"bad")
    log, out = tmp_path / "log.jsonl", tmp_path / "a.csv"
    result = run("score", photos, "--checkpoint", tiny_folder, "--output", out, "--quiet", "--log", log)
    assert result.stderr == "musiq: 1 of 7 files failed; each is named in the results\n"
    start, error, end = map(json.loads, log.read_text().splitlines())
    assert (start["event"], error["event"], end["event"]) == ("start", "error", "end")
    assert (error["path"], error["kind"]) == (f"{photos}/bad.png", "not-an-image")
    assert (end["scored"], end["failed"], end["errors"]) == (6, 1, {"not-an-image": 1})


def test_ctrl_c_is_clean_and_the_run_goes_on(tiny_folder, photos, photo, tmp_path):
    (photos / "3.jpg").write_bytes(endless_jpeg(photo))
    out = tmp_path / "scores.csv"
    command = [
        sys.executable,
        "-m",
        "musiq",
        "score",
        str(photos),
        "--checkpoint",
        str(tiny_folder),
        "--output",
        str(out),
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=REFERENCE.parents[1])
    deadline = time.monotonic() + 60
    while not out.exists() or out.read_text().count("\n") < 4:  # 0 to 2; the third takes a minute
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted; 3 rows are kept, the same command goes on" in said
    assert "Traceback" not in said
    assert time.monotonic() - started < 15
    assert len(csv_rows(out)) == 3
    (photos / "3.jpg").unlink()
    assert subprocess.run(command, cwd=REFERENCE.parents[1], capture_output=True).returncode == 0
    assert len(csv_rows(out)) == 6


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_one_line(tiny_folder, photos):
    command = [sys.executable, "-m", "musiq", "score", str(photos), "--checkpoint", str(tiny_folder), "--format", "csv"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, cwd=REFERENCE.parents[1], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == "musiq: [Errno 28] No space left on device\n"


def test_a_reader_may_close_the_pipe(tiny_folder, photos):
    command = [sys.executable, "-m", "musiq", "score", str(photos), "--checkpoint", str(tiny_folder), "--format", "csv"]
    process = subprocess.Popen(
        [*command, "--quiet"], cwd=REFERENCE.parents[1], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.close()  # before the first row
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")
