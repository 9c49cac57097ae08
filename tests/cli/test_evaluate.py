import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from musiq.checkpoint import save_checkpoint
from musiq.data.csv import read_csv
from musiq.data.seen import seen_list
from musiq.scores import ScoreRange
from tests.data.miniatures import MINIATURES


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    """16 crops of noise, each blurred more than the last; 4 to train on, 12 to test."""
    folder = tmp_path_factory.mktemp("rated")
    rng = np.random.default_rng(0)
    rows = []
    for index in range(16):
        noise = Image.fromarray(rng.integers(0, 256, (80, 100, 3), np.uint8))
        noise.filter(ImageFilter.GaussianBlur(1 + index / 6)).save(folder / f"{index:02d}.png")
        rows.append((f"{index:02d}.png", f"{1 - index / 20:.3f}", "train" if index % 4 == 3 else "test"))
    with open(folder / "rated.csv", "w", newline="") as file:
        csv.writer(file).writerows([("image", "mos", "split"), *rows])
    return folder


@pytest.fixture
def leaky(tmp_path, tiny, rated):
    """A checkpoint that lists the training images and, though it should not, two of the test."""
    records = read_csv(rated / "rated.csv", rated).records
    listed = seen_list([record for record in records if record.split == "train"] + list(records[:2]))
    save_checkpoint(replace(tiny, name="leaky", score=ScoreRange(0, 100), training_images=listed), tmp_path / "leaky")
    return tmp_path / "leaky"


@pytest.fixture
def data(rated):
    return ("--data", rated / "rated.csv", "--images", rated)


def evaluate(run, checkpoint, data, out, *options):
    return run("evaluate", checkpoint, *data, "--out", out, "--resamples", 50, *options)


def test_the_test_split_is_the_default_and_all_figures_are_named(run, tiny_folder, data, tmp_path):
    result = evaluate(run, tiny_folder, data, tmp_path / "p.csv")
    assert result.exit_code == 0, result.output
    for words in ("rated.csv, split test; checkpoint", "images 12\n", "SRCC", "PLCC", "KRCC", "RMSE", " to "):
        assert words in result.stdout
    assert "RMSE after logistic" in result.stdout
    assert "does not list its training images" in result.stderr
    assert json.loads((tmp_path / "p.json").read_text())["split_seed"] is None


def test_a_csv_without_splits_is_taken_whole(run, tiny_folder, rated, tmp_path):
    lines = (rated / "rated.csv").read_text().splitlines()
    (tmp_path / "plain.csv").write_text("\n".join(line.rsplit(",", 1)[0] for line in lines))
    plain = ("--data", tmp_path / "plain.csv", "--images", rated)
    result = evaluate(run, tiny_folder, plain, tmp_path / "p.csv", "--random-splits", 5)
    assert "all images, whatever their split" in result.stdout
    assert "images 16\n" in result.stdout
    assert "5 random fifths of these images, seed 0" in result.stdout


def test_leakage_is_a_warning_and_a_second_row(run, leaky, data, tmp_path):
    result = evaluate(run, leaky, data, tmp_path / "p.csv", "--mos-range", "0:1")
    assert "warning: 2 of 12 images are near-duplicates of training images" in result.stderr
    assert "00.png is 0 bits of 64 from 00.png" in result.stderr
    assert "10 unseen in training" in result.stdout
    result = evaluate(run, leaky, data, tmp_path / "p.csv", "--no-leak-check")
    assert result.exit_code == 0
    assert "training" not in result.stderr
    assert "unseen" not in result.stdout


def test_ten_outputs_have_accuracy_and_mse(run, tiny_checkpoints, data, tmp_path):
    save_checkpoint(tiny_checkpoints["tiny-distribution"], tmp_path / "ten")
    result = evaluate(run, tmp_path / "ten", data, tmp_path / "p.csv", "--split", "train", "--split", "test")
    assert "split train, test" in result.stdout
    for words in ("images 16\n", "accuracy at 5", "MSE"):
        assert words in result.stdout


def test_from_evaluations_to_a_table_and_a_comparison(run, tiny_checkpoints, data, tmp_path):
    for name in ("tiny-multiscale", "tiny-distribution"):
        save_checkpoint(tiny_checkpoints[name], tmp_path / name)
        assert evaluate(run, tmp_path / name, data, tmp_path / f"{name}.csv").exit_code == 0
    files = [tmp_path / "tiny-multiscale.csv", tmp_path / "tiny-distribution.csv"]
    result = run("table", *files)
    assert "| tiny-distribution | 1 | 12 |" in result.stdout
    result = run("table", *files, "--data", "koniq10k", "--label", "seeds", "--label", "seeds", "--out", tmp_path / "t")
    assert result.stdout == ""
    assert "| MUSIQ (paper) |" in (tmp_path / "t").read_text()
    assert "| seeds | 2 |" in (tmp_path / "t").read_text()
    result = run("significance", *files, "--resamples", 100)
    assert result.stdout.startswith("images 12\n")
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == ["figure", "SRCC", "PLCC"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--split", "nothing"), "0 rated images of split nothing"),
        (("--out", "no/such/folder/p.csv"), "cannot be written"),
        (("--data", "no-such-set"), "no-such-set"),
    ],
)
def test_wrong_usage_is_named(run, tiny_folder, data, tmp_path, options, named):
    result = run("evaluate", tiny_folder, *data, "--out", tmp_path / "p.csv", *options)
    assert result.exit_code == 2
    assert named in str(result.exception)


def test_a_table_that_cannot_be_written_is_named(run, tmp_path):
    (tmp_path / "p.csv").write_text("image,mos,score\na,1,2\nb,2,3\n")
    result = run("table", tmp_path / "p.csv", "--out", tmp_path / "no" / "t.md")
    assert result.exit_code == 2
    assert "--out" in str(result.exception)


def test_a_table_of_the_common_toolbox(run, tiny_folder, rated, tmp_path):
    """Its lower ratings are better ones: turned round they are ours."""
    rows = read_csv(rated / "rated.csv", rated).records
    text = "ref_name,dist_name,dmos,official_split,other_split\n" + "".join(
        f"r.png,{row.name},{1 - row.mos:.4f},{row.split},{'test' if index < 11 else 'train'}\n"
        for index, row in enumerate(rows)
    )
    (tmp_path / "meta_info.csv").write_text(text)
    meta = ("--data", tmp_path / "meta_info.csv", "--images", rated)
    refused = evaluate(run, tiny_folder, meta, tmp_path / "p.csv")
    assert (refused.exit_code, "dmos does not tell which end is better" in str(refused.exception)) == (2, True)
    read_as_ours = (rated / "rated.csv", "--images", rated, "--mos-range", "0:1")
    assert evaluate(run, tiny_folder, ("--data", *read_as_ours), tmp_path / "o.csv").exit_code == 0
    assert evaluate(run, tiny_folder, meta, tmp_path / "p.csv", "--mos-range", "1:0").exit_code == 0
    ours, theirs = (json.loads((tmp_path / name).read_text())["figures"]["srcc"] for name in ("o.json", "p.json"))
    assert theirs == ours
    chosen = ("--mos-range", "1:0", "--split-column", "other_split", "--preprocess", "pyiqa-bicubic")
    result = evaluate(run, tiny_folder, meta, tmp_path / "p.csv", *chosen)
    assert "images 11\n" in result.stdout
    assert json.loads((tmp_path / "p.json").read_text())["preprocess"].startswith("pyiqa-bicubic/")


@pytest.mark.filterwarnings("ignore:4 images are too few")
def test_scores_outside_the_range_and_a_set_short_of_images_are_warned_of(run, tiny, data, tmp_path):
    MINIATURES["biq2021"](tmp_path / "data")
    for name, ends in (("far", (10**6, 10**7)), ("near", (-(10**6), 10**6))):
        save_checkpoint(replace(tiny, score=ScoreRange(*ends)), tmp_path / name)
    biq = ("--data", "biq2021", "--images", tmp_path / "data")
    result = evaluate(run, tmp_path / "far", biq, tmp_path / "p.csv", "--no-leak-check")
    assert "warning: biq2021: 22 images; its authors published 12,000\n" in result.stderr
    assert "warning: all scores lie outside the checkpoint's range, 1e+06 to 1e+07: they are " in result.stderr
    near = evaluate(run, tmp_path / "near", (*data, "--mos-range", "0:1"), tmp_path / "p.csv", "--no-leak-check")
    assert (near.exit_code, near.stderr) == (0, "")


def test_a_comparison_across_splits_is_warned_of(run, tmp_path):
    rows = "".join(f"{index},{index},{index * index % 7}\n" for index in range(12))
    for name, splits in (("a", ["test"]), ("b", ["train", "test"])):
        (tmp_path / f"{name}.csv").write_text("image,mos,score\n" + rows)
        (tmp_path / f"{name}.json").write_text(json.dumps({"data": "spaq", "splits": splits}))
    files = tmp_path / "a.csv", tmp_path / "b.csv"
    result = run("significance", *files, "--resamples", 100)
    said = f"warning: splits ['test'] of {files[0]}, but ['train', 'test'] of {files[1]}"
    assert said in result.stderr
    assert "data" not in result.stderr
    assert run("significance", files[0], files[0], "--resamples", 100).stderr == ""
