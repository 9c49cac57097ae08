import csv
import json

import pytest
from typer.testing import CliRunner

from musiq.errors import MusiqError
from musiq.inputs.item import File
from musiq.store import Store
from musiq.store.holdings import short_id
from tests.store.made import A8, STAMP, A, B, failed, scored


@pytest.fixture
def call():
    """Runs `musiq store`, which must exit with `code`; returns what it printed, or the error of ours."""

    def call(*arguments, code=0):
        from musiq.cli.store import app

        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if isinstance(result.exception, MusiqError | ValueError):
            assert code == 2
            return str(result.exception)
        assert result.exit_code == code, result.output
        return result.output

    return call


@pytest.fixture
def path(tmp_path):
    """Of A 200 scores and an error, of A8 the same 200 with one that differs by 5."""
    path = tmp_path / "scores.sqlite"
    with Store(path) as store:
        store.put_many((scored(f"{number:03d}.jpg", number), A, STAMP) for number in range(200))
        store.put(failed("broken.jpg"), A, STAMP)
        rows = (scored(f"{number:03d}.jpg", number + 5 * (number == 42), scoring=A8) for number in range(200))
        store.put_many((row, A8, STAMP) for row in rows)
    return path


def test_without_a_selection_the_scorings_are_listed(call, path):
    lines = [line.split() for line in call("query", path).splitlines()]
    assert lines == [
        ["id", "checkpoint", "weights", "preprocess", "precision", "scores", "files", "errors"],
        [short_id(A), "name-a", "a" * 12, A.preprocess, "fp32", "200", "200", "1"],
        [short_id(A8), "name-a", "a" * 12, A.preprocess, "int8", "200", "200", "0"],
    ]
    assert "int8" not in call("query", path, "--precision", "fp32")


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (["--top", "1%"], [199, 198]),
        (["--top", "1"], [199, 198]),
        (["--top", "1%", "--worst"], [0, 1]),
        (["--between", "50:51"], [101, 100]),
        (["--between", "50:51", "--worst"], [100, 101]),
        (["--above", "198"], [199, 198]),
        (["--below", "1"], [1, 0]),
        (["--above", "5", "--below", "6.5", "--worst"], [5, 6]),
        (["--limit", "3"], [199, 198, 197]),
        (["--worst", "--limit", "2"], [0, 1]),
    ],
)
def test_files_by_score(call, path, options, numbers):
    lines = call("query", path, "--precision", "fp32", *options, "--format", "jsonl").splitlines()
    assert [json.loads(line)["path"] for line in lines] == [f"{number:03d}.jpg" for number in numbers]


def test_formats(call, path):
    printed = call("query", path, "--precision", "int8", "--top", "0.5%", "--format", "csv")
    assert [row["path"] for row in csv.DictReader(printed.splitlines())] == ["199.jpg"]
    assert "199.00" in call("query", path, "--precision", "int8", "--top", "0.5%")


def test_errors(call, path):
    printed = call("query", path, "--errors", "--format", "jsonl")
    (row,) = map(json.loads, printed.splitlines())
    assert (row["path"], row["kind"], row["error"]) == ("broken.jpg", "damaged", "is damaged")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--top", "1%"], "choose one by --checkpoint, --preprocess or --precision: "),
        (["--top", "1%", "--errors"], "--top and --errors exclude each other"),
        (["--errors", "--worst"], "--errors and --worst exclude each other"),
        (["--between", "1:2", "--above", "0"], "--between and --above or --below exclude each other"),
        (["--checkpoint", "c0ffee"], "holds nothing of checkpoint 'c0ffee'; it holds "),
        (["--format", "csv"], "--format csv needs a selection"),
        (["--top", "0"], "'0' is no share"),
        (["--top", "101%"], "'101%' is no share"),
        (["--top", "few"], "'few' is no share"),
        (["--between", "3:2"], "'3:2' is not LOW:HIGH"),
        (["--between", "5"], "'5' is not LOW:HIGH"),
        (["--precision", "fp32", "--above", "3", "--below", "2"], "scores 3 to 2: the first must not be above"),
    ],
)
def test_wrong_usage(call, path, options, named):
    assert named in call("query", path, *options, code=2)


@pytest.mark.parametrize("command", [["query"], ["export", "-", "--format", "csv"], ["compare"], ["prune", "--gone"]])
def test_no_store_is_made_by_asking(call, tmp_path, command):
    name, *rest = command
    assert "none.sqlite: no such store" in call(name, tmp_path / "none.sqlite", *rest, code=2)
    assert not (tmp_path / "none.sqlite").exists()


def test_export_writes_everything(call, path, tmp_path):
    out = tmp_path / "all.csv"
    call("export", path, out)
    with open(out, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [f"{number:03d}.jpg" for number in range(200)]
    assert [row["path"] for row in rows] == [*names, "broken.jpg", *names]
    assert [row["precision"] for row in rows] == ["fp32"] * 201 + ["int8"] * 200
    assert float(rows[-158]["score"]) == 47
    assert rows[200]["error"] == "is damaged"


def test_export_of_one_scoring_as_jsonl(call, path, tmp_path):
    lines = call("export", path, "-", "--format", "jsonl", "--precision", "int8").splitlines()
    assert len(lines) == 200
    call("export", path, tmp_path / "all.jsonl", "--precision", "int8")
    assert (tmp_path / "all.jsonl").read_text().splitlines() == lines


def test_export_as_parquet(call, path, tmp_path):
    dataset = pytest.importorskip("pyarrow.dataset")
    call("export", path, tmp_path / "all.parquet")
    table = dataset.dataset(tmp_path / "all.parquet").to_table()
    assert table.num_rows == 401
    assert table["score"].null_count == 1


def test_export_replaces_only_when_told(call, path, tmp_path):
    out = tmp_path / "all.jsonl"
    out.write_text("mine\n")
    assert "all.jsonl is there already; --overwrite" in call("export", path, out, code=2)
    assert out.read_text() == "mine\n"
    assert "choose another" in call("export", path, out, "--overwrite", code=2)  # that is no output of ours
    out.unlink()
    for options in ((), ("--overwrite",)):
        call("export", path, out, *options)
    assert len(out.read_text().splitlines()) == 401
    assert "its suffix names no format" in call("export", path, tmp_path / "all.txt", code=2)


def test_compare(call, path, tmp_path):
    lines = call("compare", path, "--worst", 1).splitlines()
    facts = dict(line.split(maxsplit=1) for line in lines[3:6])
    assert facts == {"images": "200", "SRCC": "1.0000", "PLCC": "1.0000"}
    assert lines[6:8] == ["mean difference     0.025", "largest difference  5"]
    assert lines[-1].split() == ["42.00", "47.00", "5", "042.jpg"]
    assert call("compare", path, "--with", short_id(A), "--worst", 0).splitlines()[1].split()[1] == short_id(A8)


def test_compare_refuses_unlike_checkpoints(call, path, tmp_path):
    with Store(tmp_path / "other") as other:
        other.put(scored("042.jpg", 1, scoring=B), B, STAMP)
    arguments = ("compare", path, tmp_path / "other", "--of", short_id(A))
    refused = call(*arguments, code=2)
    assert "unlike checkpoints and preprocessing do not compare: aaaaaaaaaaaa" in refused
    assert "and bbbbbbbbbbbb" in refused
    assert "images              1\n" in call(*arguments, "--anyway")


def test_prune(call, path, tmp_path):
    (tmp_path / "gone.jpg").touch()
    with Store(path) as store:
        store.put(scored(str(tmp_path / "gone.jpg"), 5, scoring=B), B, File(str(tmp_path / "gone.jpg")).stamp())
    (tmp_path / "gone.jpg").unlink()
    before = path.read_bytes()
    dry = call("prune", path, "--gone", "--unused", "--failures", "--dry-run", "--vacuum")
    assert dry == "would remove from the store: files 202, scores 401, failures 1, scorings 3\n"
    assert path.read_bytes() == before
    assert call("prune", path, "--failures") == "removed from the store: files 1, scores 0, failures 1, scorings 0\n"
    only = call("prune", path, "--scores-of", short_id(A8))
    assert only == "removed from the store: files 0, scores 200, failures 0, scorings 1\n"
    last = call("prune", path, "--scores-of", "aaaa", "--vacuum").splitlines()
    assert last[0] == "removed from the store: files 200, scores 200, failures 0, scorings 1"
    assert last[1].startswith("given back: ")


@pytest.mark.parametrize(
    ("options", "named"),
    [([], "nothing chosen"), (["--dry-run"], "nothing chosen"), (["--scores-of", ""], "holds no scoring ''")],
)
def test_prune_needs_a_choice(call, path, options, named):
    before = path.read_bytes()
    assert named in call("prune", path, *options, code=2)
    assert path.read_bytes() == before


def test_prune_takes_one_checkpoint(call, tmp_path):
    with Store(tmp_path / "s") as store:
        for digit, weights in enumerate(("ab" * 32, "ac" * 32)):
            scoring = type(A)(weights, A.preprocess, "fp32")
            store.put(scored(f"{digit}.jpg", 5, scoring=scoring), scoring, STAMP)
    assert "choose one by --scores-of: " in call("prune", tmp_path / "s", "--scores-of", "a", code=2)
