import json

import numpy as np
import pytest

from musiq.errors import DataError
from musiq.evaluate.files import Predictions, check_writable, read_predictions, write_predictions


def some(path, **facts):
    return Predictions(path, ("a.png", 'b, "c".png'), np.array([1 / 3, 2]), np.array([5.123456789, -1]), facts)


def test_what_is_written_reads_back(tmp_path):
    path = tmp_path / "p.csv"
    write_predictions(some(path, data="toy", figures={"srcc": 0.5}), [{}, {}])
    read = read_predictions(path)
    assert read.images == ("a.png", 'b, "c".png')
    np.testing.assert_allclose(read.mos, [1 / 3, 2], rtol=1e-8)
    np.testing.assert_allclose(read.scores, [5.123456789, -1], rtol=1e-8)
    assert read.facts == {"data": "toy", "figures": {"srcc": 0.5}}
    assert {file.name for file in tmp_path.iterdir()} == {"p.csv", "p.json"}


def test_nan_is_null(tmp_path):
    write_predictions(some(tmp_path / "p.csv", figures={"srcc": float("nan"), "seen": [1.0]}), [{}, {}])
    assert json.loads((tmp_path / "p.json").read_text()) == {"figures": {"srcc": None, "seen": [1.0]}}


def test_distributions_have_a_column_per_rating(tmp_path):
    shares = (np.arange(10) / 45, np.full(10, 0.1))
    write_predictions(some(tmp_path / "p.csv"), [{f"p{k}": share for k, share in enumerate(row, 1)} for row in shares])
    header, first, _ = (tmp_path / "p.csv").read_text().splitlines()
    assert header == "image,mos,score," + ",".join(f"p{rating}" for rating in range(1, 11))
    assert first.endswith(",0,0.0222222,0.0444444,0.0666667,0.0888889,0.111111,0.133333,0.155556,0.177778,0.2")
    assert len(read_predictions(tmp_path / "p.csv").images) == 2


def test_predictions_without_facts_are_fine(tmp_path):
    (tmp_path / "p.csv").write_text("image,mos,score\na,1,2\n")
    assert read_predictions(tmp_path / "p.csv").facts == {}


@pytest.mark.parametrize(
    ("table", "facts", "named"),
    [
        ("image,mos\na,1\n", None, "column score is missing"),
        ("image,mos,score\na,1,x\n", None, "row 2: score 'x' is not a number"),
        ("image,mos,score\na,1,1\na,1,1\n", None, "row 3: image 'a' stands already"),
        ("image,mos,score\na,1,1\n", "{", r"p\.json"),
        ("image,mos,score\na,1,1\n", "[]", "no JSON object"),
    ],
)
def test_faults_are_named(tmp_path, table, facts, named):
    (tmp_path / "p.csv").write_text(table)
    if facts is not None:
        (tmp_path / "p.json").write_text(facts)
    with pytest.raises(DataError, match=named):
        read_predictions(tmp_path / "p.csv")


def test_places_that_cannot_be_written_are_refused_at_once(tmp_path):
    check_writable(tmp_path / "p.csv")
    for path in (tmp_path / "none" / "p.csv", tmp_path):
        with pytest.raises(DataError, match="cannot be written"):
            check_writable(path)
    with pytest.raises(DataError, match="holds the facts"):
        check_writable(tmp_path / "p.json")


def test_uncertainties_are_kept(tmp_path):
    assert some(tmp_path / "p.csv").uncertainties is None
    write_predictions(some(tmp_path / "p.csv"), [{"uncertainty": 3.5}, {"uncertainty": 0.25}])
    assert read_predictions(tmp_path / "p.csv").uncertainties.tolist() == [3.5, 0.25]
