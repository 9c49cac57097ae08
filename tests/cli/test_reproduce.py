import pytest

from musiq.data.csv import write_csv
from tests.reproduce.conftest import miniature  # noqa: F401  a fixture


@pytest.fixture
def arguments(miniature, tmp_path):  # noqa: F811
    folder = miniature.records[0].image.parent
    write_csv(tmp_path / "mini.csv", miniature.records, folder)
    return ["--data", tmp_path / "mini.csv", "--images", folder, "--scale", "tiny", "--out", tmp_path / "out"]


def test_a_table_is_printed_and_progress_is_not(run, arguments, tmp_path):
    found = run("reproduce", "table14", *arguments, "--mos-range", "0:1", "--seeds", "1")
    assert found.exit_code == 0, found.output
    assert found.stdout == (tmp_path / "out/tiny/table14-mini.md").read_text()
    assert "table14: run 4 of 4, ETA" in found.stderr
    again = run("reproduce", "table14", *arguments, "--mos-range", "0:1", "--seeds", "1")
    assert "training" not in again.stderr


def test_what_does_not_fit_is_said(run, arguments, tmp_path):
    found = run("reproduce", "table14", *arguments)
    assert found.exit_code == 2
    assert "--mos-range" in str(found.exception)
    found = run("reproduce", "table99", *arguments)
    assert found.exit_code == 2
    assert "table99" in found.output
