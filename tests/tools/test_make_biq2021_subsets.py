import csv

from tools import make_biq2021_subsets as tool


def test_each_subset_has_its_own_photos_and_no_more_than_asked_for(tmp_path, monkeypatch):
    splits = ["train"] * 7 + ["val"] * 2 + ["test"] * 3 + ["test-near"]
    rows = [(f"{subset} ({i}).jpg", i / 13, split) for subset in tool.SUBSETS for i, split in enumerate(splits)]
    with open(tmp_path / "biq.csv", "w", newline="") as file:
        csv.writer(file).writerows([("image", "mos", "split"), *rows])
    for name, _, _ in rows:
        (tmp_path / name).touch()
    monkeypatch.setattr(
        "sys.argv", ["tool", str(tmp_path / "biq.csv"), str(tmp_path), str(tmp_path / "sets"), "--count", "4", "1", "9"]
    )
    tool.main()
    given = {name: (mos, split) for name, mos, split in rows}
    for subset in tool.SUBSETS:
        with open(tmp_path / "sets" / f"{subset}.csv", newline="") as file:
            found = list(csv.DictReader(file))
        assert [row["split"] for row in found] == ["train"] * 4 + ["val"] + ["test"] * 3
        for row in found:
            assert row["image"].startswith(subset)
            assert (float(row["mos"]), row["split"]) == given[row["image"]]
