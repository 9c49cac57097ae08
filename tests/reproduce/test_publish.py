"""Each experiment by its name on the miniature: what it writes, and what it says."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from musiq.data.record import DataSet
from musiq.errors import DataError, ImageError
from musiq.evaluate.correlations import agreement
from musiq.reproduce.figure3 import CURVES, FACTORS
from musiq.reproduce.publish import TABLES, publish
from musiq.reproduce.workshop import Workshop


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Workshop:
    """Runs that the experiments share."""
    return Workshop(tmp_path_factory.mktemp("reproduced"))


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def cells(page, label):
    """The first line of the page's tables that belongs to a row."""
    line = next(line for line in page.splitlines() if line.startswith(f"| {label} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_has_every_row_with_the_papers_figures_and_ours(table, miniature, shared):
    page = publish(table.name, [miniature], "tiny", shared, seeds=1)
    assert (shared.out / f"tiny/{table.name}-miniature.md").read_text() == page
    predictions = read(shared.out / f"tiny/{table.name}-miniature.csv")
    assert len(predictions) == 8
    mos = np.array([float(row["mos"]) for row in predictions])
    for row in table.rows:
        label, here, runs, srcc, plcc, quoted, _ = cells(page, row.label)
        scores = np.array([float(line[f"{row.label}, seed 0"]) for line in predictions])
        found = agreement(scores, mos)
        assert (float(srcc), float(plcc)) == pytest.approx((found.srcc, found.plcc), abs=6e-3)
        assert quoted == ("-" if row.srcc is None else f"{row.srcc:.3f}")
        assert (label, runs) == (row.label, "1")
        assert here
    for claim in table.claims:
        assert claim.words in page
    drawn = (shared.out / f"tiny/{table.name}-miniature.svg").read_text()
    assert all(f"<!-- {row.label} -->" in drawn for row in table.rows)


def test_the_ensemble_is_the_mean_of_its_members(miniature, shared):
    publish("table6", [miniature], "tiny", shared, seeds=1)
    for row in read(shared.out / "tiny/table6-miniature.csv"):
        members = [float(row[f"({name}), seed 0"]) for name in ("full", "224", "384")]
        assert float(row["Average ensemble of (full), (224), (384), seed 0"]) == pytest.approx(
            np.mean(members), abs=1e-4
        )


def test_costs_stand_in_the_page(miniature, shared):
    page = publish("table14", [miniature], "tiny", shared, seeds=1)
    costs = page[page.index("One image of") :]
    tokens = [int(cells(costs, patch)[2]) for patch in ("16", "32", "48", "64")]
    assert tokens == sorted(tokens, reverse=True)
    assert cells(costs, "32")[1] == "random weights"
    assert cells(costs, "32")[6] == "27.1 M"
    assert publish("table14", [miniature], "tiny", shared, seeds=1) == page  # measured once


def test_known_data_sets_have_the_papers_table_beside_ours(miniature, shared):
    named = replace(miniature, name="koniq10k")
    page = publish("tables1-4", [named], "tiny", shared, seeds=1)
    assert "| DBCNN (paper) | - | - | 0.875 | 0.884 |" in page
    assert "| MUSIQ (paper) | - | - | 0.916 ± 0.002 | 0.928 ± 0.003 |" in page
    assert "\n| MUSIQ | 1 |" in page


def test_figure_3_scores_each_photo_at_each_aspect_ratio(miniature, shared, tmp_path, photo):
    Image.fromarray(photo).save(tmp_path / "cat.png")
    publish("figure3", [miniature], "tiny", shared, seeds=1, photos=[tmp_path / "cat.png"])
    rows = read(shared.out / "tiny/figure3-miniature.csv")
    assert [row["network"] for row in rows] == list(CURVES)
    assert all((row["photo"], row["seed"]) == ("cat.png", "0") for row in rows)
    assert [float(name) for name in list(rows[0])[3:]] == list(FACTORS)
    assert "cat.png" in (shared.out / "tiny/figure3-miniature.svg").read_text()


def test_figure_3_starts_from_what_the_table_says_of_a_test_image(miniature, shared):
    """At factor 1 the photo is as it is, so its score stands in the table's predictions."""
    publish("table5", [miniature], "tiny", shared, seeds=1)
    publish("figure3", [miniature], "tiny", shared, seeds=1)
    tested = {row["image"]: row for row in read(shared.out / "tiny/table5-miniature.csv")}
    for row in read(shared.out / "tiny/figure3-miniature.csv"):
        expected = float(tested[row["photo"]][f"{CURVES[row['network']]}, seed 0"])
        assert float(row["1.0"]) == pytest.approx(expected, rel=1e-3)


def test_figure_4_draws_test_images_where_no_photo_is_named(miniature, shared):
    said = publish("figure4", [miniature], "tiny", shared, seeds=1)
    assert said.strip() == str(shared.out / "tiny/figure4-miniature.jpg")
    with Image.open(said.strip()) as drawn:
        assert drawn.width > drawn.height / 2


def test_the_matrix_tests_every_network_on_every_set(miniature, shared):
    other = replace(
        miniature,
        name="other.csv",
        records=tuple(replace(r, mos=1 + 4 * r.mos) for r in miniature.records),
        low=1,
        high=5,
    )
    page = publish("matrix", [miniature, other], "tiny", shared, seeds=1)
    first, second = (line for line in page.splitlines() if line.startswith(("| miniature.csv", "| other.csv")))
    assert "| trained on | tested on miniature.csv | tested on other.csv |" in page
    values = [[float(cell) for cell in line.strip("|").split("|")[1:]] for line in (first, second)]
    assert values[0][0] == values[0][1]  # the same photos in the same order, on another scale
    rows = read(shared.out / "tiny/matrix-miniature-other.csv")
    assert len(rows) == 4 * 8
    assert {(row["trained_on"], row["tested_on"]) for row in rows} == {
        (a, b) for a in ("miniature.csv", "other.csv") for b in ("miniature.csv", "other.csv")
    }
    assert (shared.out / "tiny/matrix-miniature-other.md").read_text() == page


@pytest.mark.parametrize(("name", "count"), [("matrix", 1), ("table6", 2)])
def test_the_number_of_data_sets_is_checked(miniature, shared, name, count):
    sets: list[DataSet] = [miniature] * count
    with pytest.raises(DataError, match=f"{name} takes"):
        publish(name, sets, "tiny", shared)


def test_data_sets_of_one_name_are_refused(miniature, shared):
    with pytest.raises(DataError, match="two data sets of one name .*: miniature, miniature"):
        publish("matrix", [miniature, miniature], "tiny", shared)


def test_a_photo_that_cannot_be_read_is_named_before_training(miniature, tmp_path):
    (tmp_path / "text.jpg").write_text("no photo")
    with pytest.raises(ImageError, match=r"text\.jpg"):
        publish("figure4", [miniature], "tiny", Workshop(tmp_path / "out"), photos=[tmp_path / "text.jpg"])
    assert not (tmp_path / "out").exists()


def test_photos_are_for_figures(miniature, shared):
    with pytest.raises(ValueError, match="table6 shows no photos"):
        publish("table6", [miniature], "tiny", shared, photos=[miniature.records[0].image])


def test_a_claim_of_the_papers_own_data_has_its_difference(miniature, shared):
    page = publish("tables1-4", [replace(miniature, name="koniq10k")], "tiny", shared, seeds=1)
    assert cells(page, "more scales help full-size input")[1] == "+0.011"  # 0.916 - 0.905
