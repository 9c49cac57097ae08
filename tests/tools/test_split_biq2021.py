import csv
import sys

from tests.data import miniatures
from tools import split_biq2021


def test_validation_is_chosen_from_training_near_duplicates_together(tmp_path, monkeypatch):
    """Image 11 is image 10 re-compressed; 12 and 13 are test images, 13 a near-duplicate of training."""
    for index in range(14):
        miniatures.save(tmp_path / f"{index}.jpg", index, 1)
    miniatures.picture(10, 1).save(tmp_path / "11.jpg", quality=60)
    rows = [f"{index}.jpg,0.5,{'train' if index < 12 else 'test'},{int(index == 13)}" for index in range(14)]
    miniatures.write(tmp_path / "in.csv", "image,mos,official_split,near_duplicate_of_train", *rows)
    together = set()
    for seed in range(6):
        arguments = ["in.csv", ".", "out.csv", "--validation", "4", "--seed", str(seed)]
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["split", *arguments])
        split_biq2021.main()
        with open("out.csv", newline="") as file:
            split = [row["split"] for row in csv.DictReader(file)]
        assert split[12:] == ["test", "test-near"]
        assert split[10] == split[11]
        assert split[:12].count("val") in (4, 5)
        assert set(split[:12]) == {"train", "val"}
        together.add(split[10])
    assert together == {"train", "val"}  # both happened
