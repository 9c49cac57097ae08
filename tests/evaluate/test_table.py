from pathlib import Path

import numpy as np
import pytest

from musiq.errors import DataError
from musiq.evaluate.files import Predictions
from musiq.evaluate.table import markdown_table

NAMES = ("a", "b", "c", "d")


def file(name="p", scores=(1, 2, 3, 4), mos=(1, 3, 2, 4), **facts):
    return Predictions(Path(f"{name}.csv"), NAMES, np.array(mos, float), np.array(scores, float), facts)


def cells(text, label):
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {label} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_papers_rows_stand_above_ours():
    lines = markdown_table([file(data="koniq10k", splits=["test"], checkpoint="mine")]).splitlines()
    assert lines[0] == "koniq10k; split test; rows marked (paper) are quoted from its Table 2"
    assert lines[2:5] == [
        "| method | runs | images | SRCC | PLCC | KRCC | RMSE |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
        "| BRISQUE (paper) | - | - | 0.665 | 0.681 | - | - |",
    ]
    assert lines[-2:] == [
        "| MUSIQ (paper) | - | - | 0.916 ± 0.002 | 0.928 ± 0.003 | - | - |",
        "| mine | 1 | 4 | 0.800 | 0.800 | 0.667 | 0.707 |",
    ]
    assert len(lines) == 2 + 2 + 12 + 1


def test_files_without_facts_and_sets_that_the_paper_lacks():
    text = markdown_table([file("first"), file("second")])
    assert text.splitlines()[0] == "| method | runs | images | SRCC | PLCC | KRCC | RMSE |"
    assert cells(text, "first")[1:] == cells(text, "second")[1:]
    assert "(paper)" not in markdown_table([file(data="biq2021")])
    assert "(paper)" in markdown_table([file(data="mine.csv")], data="spaq")


def test_runs_of_one_label_are_averaged():
    """SRCC 0.8, 1 and -1 by hand."""
    files = [file("1"), file("2", mos=(1, 2, 3, 4)), file("3", mos=(4, 3, 2, 1)), file("other")]
    text = markdown_table(files, ["seeds", "seeds", "seeds", "a|b"])
    assert cells(text, "seeds")[1] == "3"
    std = np.std([0.8, 1, -1], ddof=1)
    assert cells(text, "seeds")[2] == "4"
    assert cells(text, "seeds")[3] == f"{0.8 / 3:.3f} ± {std:.3f} (median 0.800)"
    assert "| a\\|b | 1 |" in text


def test_runs_of_unlike_sizes_say_so():
    short = Predictions(Path("s.csv"), NAMES[:3], np.array([1.0, 2, 3]), np.array([1.0, 3, 2]), {})
    assert cells(markdown_table([file(), short], ["seeds", "seeds"]), "seeds")[2] == "3 to 4"


def test_ava_has_accuracy_and_mse():
    text = markdown_table([file("mine", scores=(4, 5, 6, 7), mos=(4, 6, 6, 5), data="ava", splits=["test"])])
    assert cells(text, "mine")[-2:] == ["0.500", "1.250"]
    assert cells(text, "MUSIQ (paper)")[3:] == [
        "0.726 ± 0.001",
        "0.738 ± 0.001",
        "-",
        "-",
        "0.815 ± 0.121",
        "0.242 ± 0.001",
    ]
    assert cells(text, "Kong et al. (paper)")[3:] == ["0.558", "-", "-", "-", "0.773", "-"]


def test_what_does_not_belong_together_is_refused():
    with pytest.raises(DataError, match="one data set and split; data"):
        markdown_table([file("a", data="spaq"), file("b", data="ava")])
    with pytest.raises(DataError, match="one data set and split; splits"):
        markdown_table([file("a", splits=["test"]), file("b", splits=["val"])])
    with pytest.raises(DataError, match="2 files of predictions and 1 labels"):
        markdown_table([file("a"), file("b")], ["one"])
