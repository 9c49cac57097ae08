import numpy as np
import pytest
from scipy.io import savemat

from musiq.data import livew
from musiq.errors import DataError
from tests.data import miniatures


@pytest.fixture
def folder(tmp_path):
    miniatures.livew(tmp_path)
    return tmp_path


def rewrite(folder, names, mos=None, spread=None):
    cells = np.empty((len(names), 1), object)
    cells[:, 0] = names
    some = np.linspace(20, 80, len(names))
    miniatures.save_livew(folder, cells, some if mos is None else mos, some / 5 if spread is None else spread)


def names(count=2):
    return [f"t{index}.bmp" for index in range(1, 8)] + [f"{index}.bmp" for index in range(count)]


def test_the_teaching_images_are_left_out(folder):
    rewrite(folder, names(), mos=np.arange(10.0, 19.0), spread=np.arange(1.5, 10.5))
    data = livew.read(folder)
    assert [(r.name, r.mos, r.spread, r.split) for r in data.records] == [
        ("0.bmp", 17, 8.5, ""),
        ("1.bmp", 18, 9.5, ""),
    ]
    assert data.records[0].image == folder / "Images" / "0.bmp"
    assert (data.name, data.low, data.high, data.published_images) == ("livew", 0, 100, 1162)
    assert data.records[0].pixels().shape == (40, 56, 3)


@pytest.mark.parametrize("part", ["Images", "MOS", "StdDev"])
def test_each_file_and_its_variable_are_needed(folder, part):
    file = folder / "Data" / f"All{part}_release.mat"
    savemat(file, {"other": np.zeros(3)})
    with pytest.raises(DataError, match=rf"All{part}_release\.mat: variable All{part}_release is missing"):
        livew.read(folder)
    file.write_bytes(b"not MATLAB")
    with pytest.raises(DataError, match=rf"All{part}_release\.mat: cannot be read"):
        livew.read(folder)
    file.unlink()
    with pytest.raises(DataError, match=rf"All{part}_release\.mat: cannot be read"):
        livew.read(folder)


@pytest.mark.parametrize(
    ("mos", "spread", "named"),
    [
        ([50.0] * 8, [1.0] * 9, "9 names, 8 MOS, 9 standard deviations"),
        ([50.0] * 8 + [np.nan], [1.0] * 9, "Data, image 9: MOS 'nan' is not finite"),
        ([50.0] * 7 + [101.0, 1.0], [1.0] * 9, "Data, image 8: MOS 101.0 is outside 0..100"),
        ([50.0] * 9, [1.0] * 8 + [-1.0], "Data, image 9: StdDev -1.0 is outside"),
    ],
)
def test_faulty_numbers_are_named(folder, mos, spread, named):
    rewrite(folder, names(), np.array(mos), np.array(spread))
    with pytest.raises(DataError, match=named):
        livew.read(folder)


def test_missing_and_repeated_images_are_named(folder):
    rewrite(folder, [*names(1), "lost.bmp"])
    with pytest.raises(DataError, match="image 9: image 'lost.bmp' is not in .*Images"):
        livew.read(folder)
    rewrite(folder, [*names(2), "0.bmp"])
    with pytest.raises(DataError, match="image 10: image '0.bmp' stands already in .*image 8"):
        livew.read(folder)
