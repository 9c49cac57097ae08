"""A rated folder with a test split, and every experiment carried out on it at scale `tiny`."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from musiq.data.record import DataSet, Record
from musiq.reproduce.scales import TINY
from musiq.reproduce.setting import Setting
from musiq.reproduce.workshop import Workshop

torch.set_num_threads(1)  # the networks here are too small to share

PARTS = ("train", "train", "test", "train", "val", "test")


@pytest.fixture(scope="session")
def miniature(tmp_path_factory, reference_image) -> DataSet:
    """24 parts of a photo of many shapes, the later the blurrier: 12 train, 4 val, 8 test."""
    folder, photo = tmp_path_factory.mktemp("miniature"), reference_image("chelsea_300x451")
    rng, records = np.random.default_rng(0), []
    for index in range(24):
        height, width = rng.integers(70, 140, 2)
        top, left = rng.integers(0, 150, 2)
        part = Image.fromarray(photo[top : top + height, left : left + width])
        path = folder / f"{index:02d}.png"
        part.filter(ImageFilter.GaussianBlur(index / 6)).save(path)
        records.append(Record(path, path.name, 1 - index / 23, PARTS[index % 6]))
    return DataSet("miniature.csv", tuple(records), 0, 1)


@pytest.fixture(scope="session")
def tiny_setting() -> Setting:
    return replace(TINY, seeds=1)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "out")
