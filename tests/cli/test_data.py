import csv
import sys

import pytest

from musiq.data.sets import open_data
from musiq.errors import MissingExtraError
from tests.data import miniatures


@pytest.fixture
def call(run):
    """Runs `musiq data`, which must exit with `code`."""

    def call(*arguments, code=0):
        result = run("data", *arguments)
        assert result.exit_code == code, result.output
        return result

    return call


@pytest.fixture
def rated(tmp_path):
    """A CSV of 20 images; the last two are one image twice, once re-compressed, and 0 and 1 are a group."""
    names = [f"{index}.jpg" for index in range(20)]
    for index, name in enumerate(names[:-1]):
        miniatures.save(tmp_path / name, index, 1)
    miniatures.picture(18, 1).save(tmp_path / "19.jpg", quality=60)
    groups = ["g", "g", *[""] * 18]
    rows = [f"{name},{1 + index / 5},{group}" for index, (name, group) in enumerate(zip(names, groups, strict=True))]
    miniatures.write(tmp_path / "rated.csv", "image,mos,group", *rows)
    return tmp_path


def split_of(path):
    with open(path, newline="") as file:
        return {row["image"]: row["split"] for row in csv.DictReader(file)}


def test_list_names_the_sets(call):
    lines = call("list").stdout.splitlines()
    assert lines[0].split() == ["name", "images", "scale", "official", "split"]
    assert lines[1].split() == ["ava", "255,530", "1..10", "train,", "test", "(generic_test.jpgl)"]
    assert "imagenet      1,331,167  classes  1,281,167 train, 50,000 val" in lines


def test_check_prints_facts(call, rated):
    facts = call("check", rated / "rated.csv", rated, "--decode", "--workers", 0, "--mos-range", "1:5").stdout
    assert [line.split(maxsplit=1) for line in facts.splitlines()][:3] == [
        ["fact", "value"],
        ["images", "20"],
        ["splits", "(none) 20"],
    ]
    assert "scale       1..5\nMOS found   1..4.8, mean 2.9\n" in facts


def test_check_names_faults_on_stderr(call, tmp_path):
    miniatures.koniq10k(tmp_path)
    (tmp_path / "1024x768" / "3.jpg").write_text("broken")
    result = call("check", "koniq10k", tmp_path, "--decode", "--workers", 0, code=1)
    count, broken = result.stderr.splitlines()
    assert count == "musiq: koniq10k: 22 images; its authors published 10,073"
    assert broken.startswith(f"musiq: {tmp_path / '1024x768' / '3.jpg'}")
    assert "22 of 10,073 published" in result.stdout


def test_split_keeps_groups_and_near_duplicates_together(call, rated):
    tested = set()
    for seed in range(8):
        out = rated / f"{seed}.csv"
        printed = call("split", rated / "rated.csv", rated, "--out", out, "--seed", seed, "--shares", 0.5, 0.2, 0.3)
        split = split_of(out)
        assert split["18.jpg"] == split["19.jpg"]
        assert split["0.jpg"] == split["1.jpg"]
        assert "20 images in 18 groups, the largest of 2" in printed.stdout
        tested |= {name for name, part in split.items() if part == "test"}
    assert {"0.jpg", "18.jpg"} <= tested


def test_split_is_decided_by_the_seed(call, rated):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        call("split", rated / "rated.csv", rated, "--out", rated / f"{name}.csv", "--seed", seed, "--no-near")
    a, b, c = ((rated / f"{name}.csv").read_bytes() for name in "abc")
    assert a == b != c
    assert sorted(split_of(rated / "a.csv").values()).count("test") in (4, 5)  # a fifth of 20, or one more for a group


def test_without_near_duplicates_only_groups_count(call, rated):
    printed = call("split", rated / "rated.csv", rated, "--out", rated / "o.csv", "--no-near").stdout
    assert "20 images in 19 groups, the largest of 2" in printed


def test_a_split_of_a_known_set_is_read_again(call, tmp_path):
    miniatures.kadid10k(tmp_path)
    call("split", "kadid10k", tmp_path, "--out", tmp_path / "split.csv", "--no-near", "--shares", 0.5, 0, 0.5)
    before, after = open_data("kadid10k", tmp_path), open_data(str(tmp_path / "split.csv"), tmp_path, (1, 5))
    facts = [[(r.image, r.mos, r.spread, r.group) for r in data.records] for data in (before, after)]
    assert facts[0] == facts[1]
    splits = {(record.group, record.split) for record in after.records}
    assert len(splits) == 6  # each original in one split
    assert sum(split == "test" for _, split in splits) == 3


def test_official_test_images_may_be_kept(call, tmp_path):
    miniatures.biq2021(tmp_path)
    arguments = ("split", "biq2021", tmp_path, "--out", tmp_path / "split.csv", "--no-near", "--keep-test")
    call(*arguments, "--shares", 0.75, 0.25, 0)
    parts = list(split_of(tmp_path / "split.csv").values())
    assert [parts.count(part) for part in ("train", "val", "test")] == [14, 4, 4]  # a quarter of 18 is 4
    assert parts[-4:] == ["test"] * 4
    assert "--keep-test with a share of 0.2 for test" in str(call(*arguments, code=2).exception)


@pytest.mark.parametrize(("name", "named"), [("imagenet", "has classes and no ratings"), ("spaq-512", "to be reduced")])
def test_what_a_csv_cannot_say_is_refused(call, tmp_path, name, named):
    miniatures.MINIATURES[name](tmp_path)
    result = call("split", name, tmp_path, "--out", tmp_path / "split.csv", code=2)
    assert named in str(result.exception)
    assert not (tmp_path / "split.csv").exists()


def test_a_file_that_cannot_be_written_is_named(call, rated):
    result = call("split", rated / "rated.csv", rated, "--out", rated / "no" / "split.csv", "--no-near", code=2)
    assert "--out" in str(result.exception)


def test_near_duplicates_need_the_extra(call, rated, monkeypatch):
    monkeypatch.setitem(sys.modules, "musiq.data.duplicates", None)
    result = call("split", rated / "rated.csv", rated, "--out", rated / "o.csv", code=2)
    assert isinstance(result.exception, MissingExtraError)
    assert "musiq[train]" in str(result.exception)


def test_a_table_of_the_common_toolbox_is_checked(call, rated):
    rows = [f"{index}.jpg,{1 + index / 5},0.3,{'train' if index % 4 else 'test'},val" for index in range(20)]
    miniatures.write(rated / "meta.csv", "img_name,mos,std,official_split,ratio802_seed123_split_01", *rows)
    facts = call("check", rated / "meta.csv", rated, "--mos-range", "1:5").stdout
    assert "splits      test 5, train 15\n" in facts
    assert "spread      yes\n" in facts
    other = call("check", rated / "meta.csv", rated, "--split-column", "ratio802_seed123_split_01").stdout
    assert "splits      val 20\n" in other
