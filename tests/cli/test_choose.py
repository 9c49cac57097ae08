import csv
import hashlib
import io
import json
import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from musiq.checkpoint import save_checkpoint
from musiq.errors import MissingExtraError
from musiq.rows import Row
from tests.choose.pictures import COPIES, recompressed, scene


@pytest.fixture
def look():
    """What is seen of a folder's files: name, bytes and time of the last change."""
    return lambda folder: {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def write_rows(path, rows):
    """Results as `musiq score` writes them."""
    path.write_text("".join(f"{json.dumps(row.as_dict())}\n" for row in rows))
    return path


@pytest.fixture
def scores(tmp_path):
    """Made-up results for photos that are there, but for two: one failed, and one is in an archive."""
    results = [("x/a.jpg", 10.5, "bad"), ("x/b.jpg", 70.25, "good"), ("y/c.jpg", 50, None), ("y/d.png", 90, None)]
    for name, _, _ in results:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "z.tar").touch()
    rows = [Row(str(tmp_path / name), float(score), band=band) for name, score, band in results]
    rows.append(Row(str(tmp_path / "z.tar!e.jpg"), 95.0, band="excellent"))
    (tmp_path / "bad.jpg").write_text("bad.jpg")
    rows.append(Row(str(tmp_path / "bad.jpg"), kind="damaged", error="truncated"))
    return write_rows(tmp_path / "scores.jsonl", rows)


def names(text, folder):
    return [os.path.relpath(line, folder) for line in text.splitlines()]


def test_rank_as_a_table(call, scores, tmp_path):
    result = call("rank", "--scores", scores, code=1)
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines == [
        ["rank", "score", "percentile_of_these", "path"],
        ["1", "95.00", "90.0", f"{tmp_path}/z.tar!e.jpg"],
        ["2", "90.00", "70.0", f"{tmp_path}/y/d.png"],
        ["3", "70.25", "50.0", f"{tmp_path}/x/b.jpg"],
        ["4", "50.00", "30.0", f"{tmp_path}/y/c.jpg"],
        ["5", "10.50", "10.0", f"{tmp_path}/x/a.jpg"],
    ]
    assert result.stderr == f"musiq: {tmp_path}/bad.jpg: truncated\n"


def test_rank_for_programs(call, scores, tmp_path):
    worst = call("rank", "--scores", scores, "--worst", "--limit", 2, "--format", "csv", code=1).stdout
    assert list(csv.reader(io.StringIO(worst))) == [
        ["rank", "score", "percentile_of_these", "path"],
        ["5", "10.5", "10.0", f"{tmp_path}/x/a.jpg"],
        ["4", "50.0", "30.0", f"{tmp_path}/y/c.jpg"],
    ]
    (best,) = call("rank", "--scores", scores, "--limit", 1, "--format", "jsonl", code=1).stdout.splitlines()
    assert json.loads(best) == {"rank": 1, "score": 95, "percentile_of_these": 90, "path": f"{tmp_path}/z.tar!e.jpg"}


@pytest.mark.parametrize(
    ("options", "picked"),
    [
        (["--top", 2], ["z.tar!e.jpg", "y/d.png"]),
        (["--top", "50%"], ["z.tar!e.jpg", "y/d.png", "x/b.jpg"]),
        (["--above", 70.25], ["z.tar!e.jpg", "y/d.png"]),
        (["--above", 99], []),
        (["--top", "50%", "--per-folder"], ["x/b.jpg", "y/d.png", "z.tar!e.jpg"]),
    ],
)
def test_pick_prints_paths(call, scores, options, picked, tmp_path):
    assert names(call("pick", "--scores", scores, *options, code=1).stdout, tmp_path) == picked


def test_paths_are_printed_as_the_file_system_has_them(call, tmp_path):
    raw = os.fsencode(tmp_path) + b"/\xe9\nb.jpg"
    open(raw, "wb").close()
    scores = write_rows(tmp_path / "s.jsonl", [Row(f"{tmp_path}/\\xe9\nb.jpg", 1.0)])
    assert call("pick", "--scores", scores, "--top", 1, "--null").stdout_bytes == raw + b"\0"
    result = call("pick", "--scores", scores, "--top", 1)
    assert result.stdout_bytes == raw + b"\n"
    assert "1 paths in the list hold line ends; --null" in result.stderr


def results_of(tmp_path, *names):
    """Results of files that hold their names, scored a minute from now; the first name is best."""
    rows = []
    for place, name in enumerate(names):
        (tmp_path / name).write_text(name)
        content = hashlib.blake2b(name.encode(), digest_size=16).hexdigest()
        scored = (datetime.now(UTC) + timedelta(minutes=1)).isoformat(timespec="seconds")
        rows.append(Row(str(tmp_path / name), 90.0 - place, bytes=len(name), content=content, time=scored))
    return write_rows(tmp_path / "scores.jsonl", rows)


@pytest.mark.parametrize("command", [("pick", "--top", "100%"), ("rank",), ("dedupe",)])
def test_files_that_are_gone_are_left_out(call, command, tmp_path):
    scores = results_of(tmp_path, *(f"{letter}.png" for letter in "abcdef"))
    for letter in "bcde":
        (tmp_path / f"{letter}.png").unlink()
    for name in ("coffee", "rocket"):
        scene(f"{name}.png" if name == "coffee" else f"{name}.jpg").save(tmp_path / f"{'af'[name == 'rocket']}.png")
    result = call(*command, "--scores", scores)
    assert not any(f"{letter}.png" in result.stdout for letter in "bcde")
    missing = ", ".join(f"{tmp_path}/{letter}.png" for letter in "bcd")
    assert f"musiq: 4 files of {scores} are gone and left out: {missing}, and 1 more" in result.stderr


def test_files_that_have_changed_are_named(call, tmp_path):
    scores = results_of(tmp_path, "touched.jpg", "other.jpg", "longer.jpg", "same.jpg")
    later = time.time() + 120
    (tmp_path / "other.jpg").write_text("blurr.jpg")
    (tmp_path / "longer.jpg").write_text("longer.jpg and more")
    for name in ("touched.jpg", "other.jpg"):
        os.utime(tmp_path / name, (later, later))
    result = call("pick", "--scores", scores, "--top", 1)
    assert result.stdout == f"{tmp_path}/touched.jpg\n"
    assert f"2 files have changed since {scores} was made, so their scores are old: " in result.stderr
    assert f": {tmp_path}/other.jpg, {tmp_path}/longer.jpg; musiq score --overwrite" in result.stderr


def test_results_of_another_folder_are_refused(call, tmp_path):
    scores = write_rows(tmp_path / "scores.jsonl", [Row("gone/a.jpg", 1.0), Row("gone/b.jpg", 2.0)])
    result = call("rank", "--scores", scores, code=2)
    assert "none of its 2 files is there (gone/a.jpg, gone/b.jpg); relative paths count" in str(result.exception)
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--top", 2], "2 of 5 photos\n"),
        (["--top", 30], "5 of 5 photos: --top 30 is a number, 30% a share\n"),
        (["--top", "100%"], "5 of 5 photos\n"),
        (["--above", 99], "0 of 5 photos\n"),
    ],
)
def test_pick_says_how_many_of_how_many(call, scores, options, said):
    assert call("pick", "--scores", scores, *options, code=1).stderr.endswith(said)


def test_pick_makes_links(call, scores, tmp_path, look):
    before = look(tmp_path)
    arguments = ("pick", "--scores", scores, "--top", 3, "--links", tmp_path / "best")
    result = call(*arguments, code=1)
    assert result.stdout == ""
    assert {path.name: path.read_text() for path in (tmp_path / "best").iterdir()} == {
        "b.jpg": "x/b.jpg",
        "d.png": "y/d.png",
    }
    assert f"musiq: {tmp_path}/z.tar!e.jpg: inside another file" in result.stderr
    assert "links: 1 not written, 2 written" in result.stderr
    assert before.items() <= look(tmp_path).items()
    assert "links: 2 kept, 1 not written" in call(*arguments, code=1).stderr


def test_sidecars_hold_the_band_or_the_fifth_of_these_photos(call, scores, tmp_path, look):
    before = look(tmp_path)
    result = call("rank", "--scores", scores, "--sidecars", "darktable", "--limit", 1, code=1)
    assert len(result.stdout.splitlines()) == 2
    assert "sidecars: 1 not written, 4 written" in result.stderr
    after = look(tmp_path)
    assert before.items() < after.items()
    stars = {"x/a.jpg.xmp": 1, "x/b.jpg.xmp": 4, "y/c.jpg.xmp": 2, "y/d.png.xmp": 4}  # of c and d: 30 and 70 percent
    assert set(after) - set(before) == set(stars)
    for name, number in stars.items():
        assert f'xmp:Rating="{number}"' in (tmp_path / name).read_text()


def test_sidecars_of_others_are_named(call, scores, tmp_path):
    (tmp_path / "y" / "c.xmp").write_text("<mine/>")
    result = call("rank", "--scores", scores, "--sidecars", "adobe", code=1)
    assert f"musiq: {tmp_path}/y/c.xmp: not written by musiq, left as it is" in result.stderr
    assert "sidecars: 2 not written, 3 written" in result.stderr
    assert (tmp_path / "y" / "c.xmp").read_text() == "<mine/>"


def test_pick_writes_sidecars_of_the_picked(call, scores, tmp_path, look):
    before = look(tmp_path)
    result = call("pick", "--scores", scores, "--above", 60, "--sidecars", "darktable", code=1)
    assert set(look(tmp_path)) - set(before) == {"x/b.jpg.xmp", "y/d.png.xmp"}
    assert result.stdout == ""
    again = call("pick", "--scores", scores, "--above", 60, "--sidecars", "darktable", code=1)
    assert "sidecars: 2 kept, 1 not written" in again.stderr


@pytest.mark.parametrize("command", ["rank", "pick --top 2 --sidecars adobe", "pick --top 1 --links {}/l", "dedupe"])
def test_photos_stay_as_they_are(call, command, tmp_path, look):
    """Also the names and times of photos that are chosen, copies of others, or damaged."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(("coffee.png", "chelsea.png")):
        scene(name).resize((80, 60)).save(folder / f"{number}.png")
        recompressed(scene(name)).save(folder / f"{number}-copy.jpg")
    (folder / "broken.jpg").write_bytes((folder / "0-copy.jpg").read_bytes()[:500])
    before = look(folder)
    arguments = command.format(tmp_path).split()
    assert "broken.jpg" in call(*arguments, folder, code=1).stderr
    after = {name: seen for name, seen in look(folder).items() if not name.endswith(".xmp")}
    assert after == before


@pytest.fixture
def copies(tmp_path):
    """Two scenes and their copies, the originals rated best, and a third one; results that rate them."""
    folder = tmp_path / "copies"
    folder.mkdir()
    rows = [Row(str(folder / "alone.png"), 1.0)]
    scene("rocket.jpg").save(folder / "alone.png")
    for name in ("coffee", "chelsea"):
        for number, (copy, change) in enumerate({**COPIES, "sharp": lambda image: image}.items()):
            change(scene(f"{name}.png")).save(folder / f"{name}-{copy}.png")
            rows.append(Row(str(folder / f"{name}-{copy}.png"), 10.0 + number))
    return write_rows(tmp_path / "copies.jsonl", rows)


def test_dedupe_groups_copies(call, copies, tmp_path):
    result = call("dedupe", "--scores", copies, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert list(rows[0]) == ["group", "best", "score", "distance_bits", "path"]
    groups = [[row for row in rows if row["group"] == number] for number in ("1", "2")]
    assert [len(group) for group in groups] == [5, 5]
    assert len(rows) == 10
    for group, name in zip(groups, ("coffee", "chelsea"), strict=True):
        assert {Path(row["path"]).name.partition("-")[0] for row in group} == {name}
        assert [float(row["score"]) for row in group] == [14, 13, 12, 11, 10]
        assert [row["best"] for row in group] == ["True"] + ["False"] * 4
        assert group[0]["distance_bits"] == "0"
        assert "sharp" in group[0]["path"]
    assert "11 photos, 8 of them like a better one" in result.stderr


def test_dedupe_as_a_table_and_as_jsonl(call, copies):
    lines = call("dedupe", "--scores", copies).stdout.splitlines()
    assert lines[0].split() == ["group", "best", "score", "distance_bits", "path"]
    assert [line.split()[1] == "best" for line in lines[1:]] == ([True] + [False] * 4) * 2
    rows = [json.loads(line) for line in call("dedupe", "--scores", copies, "--format", "jsonl").stdout.splitlines()]
    assert [row["best"] for row in rows] == ([True] + [False] * 4) * 2


def test_dedupe_writes_lists_and_links(call, copies, tmp_path, look):
    before = look(tmp_path / "copies")
    call("dedupe", "--scores", copies, "--keep-list", tmp_path / "keep.txt", "--rest-list", tmp_path / "rest.txt")
    keep, rest = (names((tmp_path / name).read_text(), tmp_path / "copies") for name in ("keep.txt", "rest.txt"))
    assert keep == ["alone.png", "coffee-sharp.png", "chelsea-sharp.png"]
    assert sorted(keep + rest) == sorted(before)
    call("dedupe", "--scores", copies, "--links", tmp_path / "best")
    assert sorted(path.name for path in (tmp_path / "best").iterdir()) == sorted(keep)
    assert look(tmp_path / "copies") == before
    again = call("dedupe", "--scores", copies, "--keep-list", tmp_path / "keep.txt", code=2)
    assert "is there already; --overwrite" in str(again.exception)
    call("dedupe", "--scores", copies, "--keep-list", tmp_path / "keep.txt", "--null", "--overwrite")
    assert (tmp_path / "keep.txt").read_bytes().count(b"\0") == 3


def test_links_of_an_earlier_run_are_no_photos(call, copies, tmp_path):
    folder = tmp_path / "copies"
    arguments = ("pick", folder, "-r", "--top", 3, "--links", folder / "best")
    assert "links: 3 written" in call(*arguments).stderr
    assert "links: 3 kept" in call(*arguments).stderr
    assert len(list((folder / "best").iterdir())) == 3


def test_bits_decide_what_is_alike(call, copies):
    assert call("dedupe", "--scores", copies, "--near-bits", 64, "--format", "csv").stdout.count("\n1,") == 11
    closest = call("dedupe", "--scores", copies, "--near-bits", 0, "--format", "csv").stdout
    assert "sharp" in closest
    assert "cropped" not in closest


def test_the_default_checkpoint_finds_the_sharp_one_best(call, tmp_path):
    image = scene("coffee.png")
    image.filter(ImageFilter.GaussianBlur(2)).save(tmp_path / "a-blurred.png")
    image.save(tmp_path / "b-sharp.png")
    Image.open(tmp_path / "b-sharp.png").reduce(4).save(tmp_path / "c-small.jpg", quality=20)
    out = call("dedupe", tmp_path, "--format", "jsonl").stdout
    assert Path(json.loads(out.splitlines()[0])["path"]).name == "b-sharp.png"
    assert out.count("\n") == 3
    assert names(call("pick", tmp_path, "--top", 1).stdout, tmp_path) == ["b-sharp.png"]


def test_a_checkpoint_may_say_that_lower_is_better(call, default_checkpoint, tmp_path):
    for name in ("coffee", "chelsea", "rocket"):
        scene(f"{name}.jpg" if name == "rocket" else f"{name}.png").save(tmp_path / f"{name}.png")
    orders = []
    for higher in (True, False):
        spec = replace(default_checkpoint.score, higher_is_better=higher)
        save_checkpoint(replace(default_checkpoint, score=spec), tmp_path / str(higher))
        out = call("rank", tmp_path, "--checkpoint", tmp_path / str(higher), "--format", "csv").stdout
        orders.append([row["path"] for row in csv.DictReader(io.StringIO(out))])
    assert orders[0] == orders[1][::-1]
    assert len(set(orders[0])) == 3


def test_names_cannot_steer_the_terminal(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a\x1b[31m.jpg", "b\x1b.jpg"):
        Path(name).touch()
    rows = [Row("a\x1b[31m.jpg", 1.0), Row("b\x1b.jpg", error="b\x1b.jpg: bad", kind="damaged")]
    result = call("rank", "--scores", write_rows(tmp_path / "s.jsonl", rows), code=1)
    assert "\x1b" not in result.output
    assert "a\ufffd[31m.jpg" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["rank"], "say either PATH... or --scores FILE"),
        (["rank", "a.jpg", "--scores", "s.csv"], "say either PATH... or --scores FILE"),
        (["rank", "--scores", "gone.csv"], "gone.csv"),
        (["pick", "a.jpg"], "say either --top"),
        (["pick", "a.jpg", "--top", "5", "--above", "3"], "say either --top"),
        (["pick", "a.jpg", "--top", "0%"], "--top '0%' is neither"),
        (["pick", "a.jpg", "--top", "1", "--links", __file__], "no folder for links"),
        (["dedupe", "a.jpg", "--keep-list", "b.JPG"], "--keep-list b.JPG: .JPG is a suffix of images"),
        (["dedupe", "a.jpg", "--rest-list", "b.png"], "--rest-list b.png"),
    ],
)
def test_wrong_usage(call, arguments, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert reason in str(call(*arguments, code=2).exception)
    assert list(tmp_path.iterdir()) == []


def test_a_list_that_cannot_be_written_is_named(call, copies, tmp_path):
    result = call("dedupe", "--scores", copies, "--keep-list", tmp_path / "no" / "keep.txt", code=2)
    assert "keep.txt: cannot be written" in str(result.exception)


def test_near_duplicates_need_the_extra(call, copies, monkeypatch):
    monkeypatch.setitem(sys.modules, "musiq.data.duplicates", None)
    result = call("dedupe", "--scores", copies, code=2)
    assert isinstance(result.exception, MissingExtraError)
    assert "musiq[dedupe]" in str(result.exception)
