import csv

import pytest

from tools import make_biq2021_parts as tool


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_two_parts_without_a_common_or_a_test_image(tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "TRAIN", 4)
    monkeypatch.setattr(tool, "VAL", 2)
    splits = ["train"] * 10 + ["val"] * 4 + ["test"] * 3
    with open(tmp_path / "biq.csv", "w", newline="") as file:
        csv.writer(file).writerows(
            [("image", "mos", "split"), *((f"{i}.jpg", i / 17, s) for i, s in enumerate(splits))]
        )
    monkeypatch.setattr("sys.argv", ["tool", str(tmp_path / "biq.csv"), str(tmp_path / "parts")])
    tool.main()
    mild, severe = (read(tmp_path / "parts" / f"{name}.csv") for name in ("mild", "severe"))
    assert [row["split"] for row in mild] == [row["split"] for row in severe] == ["train"] * 4 + ["val"] * 2
    names = [row["image"] for row in mild + severe]
    assert len(set(names)) == 12
    mos = {f"{i}.jpg": i / 17 for i in range(17)}
    assert all(float(row["mos"]) == pytest.approx(mos[row["image"]], rel=1e-4) for row in mild)
    assert all(float(row["mos"]) == pytest.approx(1 + 4 * mos[row["image"]] ** 2, rel=1e-4) for row in severe)
