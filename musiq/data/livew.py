"""A tree in the format of LIVE In the Wild: photos from phones, their ratings in MATLAB files.

    FOLDER/
        Data/AllImages_release.mat     AllImages_release: N x 1 cells, the names of the images
        Data/AllMOS_release.mat        AllMOS_release: 1 x N, 0..100, higher is better
        Data/AllStdDev_release.mat     AllStdDev_release: 1 x N, standard deviations of the ratings
        Images/                        the images; the first 7, which taught the raters, in Images/trainingImages/

The first 7 are left out; 1,162 remain. There is no official split. Written from a description of the format; the
authors' files were never looked at.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musiq.data.record import DataSet, Record
from musiq.data.table import Row, locate
from musiq.errors import DataError, MissingExtraError

IMAGES, LOW, HIGH = 1_162, 0.0, 100.0
SPLIT = "none"
TEACHING_IMAGES = 7


def read(folder: Path) -> DataSet:
    """The set without the images that taught the raters.

    Raises:
        DataError: names the file, variable and image at fault.
        MissingExtraError: scipy is not installed.
    """
    names, mos, spread = (_variable(folder / "Data", f"All{part}_release") for part in ("Images", "MOS", "StdDev"))
    if not len(names) == len(mos) == len(spread):
        raise DataError(f"{folder / 'Data'}: {len(names)} names, {len(mos)} MOS, {len(spread)} standard deviations")
    rows = [_row(folder, *cells) for cells in zip(range(len(names)), names, mos, spread, strict=True)][TEACHING_IMAGES:]
    records = tuple(
        Record(image, row.text("name"), row.number("MOS", LOW, HIGH), spread=row.number("StdDev", low=0))
        for row, image in locate(rows, "name", folder / "Images")
    )
    return DataSet("livew", records, LOW, HIGH, IMAGES)


def _row(folder: Path, index: int, name: object, mos: object, spread: object) -> Row:
    text = "".join(map(str, np.ravel(np.asarray(name))))  # a cell holds an array of one string
    return Row(f"{folder / 'Data'}, image {index + 1}", {"name": text, "MOS": str(mos), "StdDev": str(spread)})


def _variable(folder: Path, name: str) -> NDArray:
    """The elements of the variable after which its file is named, in one dimension."""
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise MissingExtraError("reading .mat files", "train") from error
    file = folder / f"{name}.mat"
    try:
        variables = loadmat(file)
    except Exception as error:  # scipy raises many kinds for damaged files
        raise DataError(f"{file}: cannot be read: {error}") from error
    if name not in variables:
        raise DataError(f"{file}: variable {name} is missing")
    return np.ravel(variables[name])
