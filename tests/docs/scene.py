"""The folder that a page's blocks run in: the files that the documentation speaks of, small."""

import csv
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from musiq.checkpoint import Checkpoint, save_checkpoint
from musiq.scores import ScoreRange
from tests.clips import draw, write_clip
from tests.data.miniatures import MINIATURES
from tests.docs.blocks import ROOT
from tests.docs.program import write_programs

TINY = ROOT / "tests" / "reference" / "tiny-multiscale.npz"
PHOTOS = ("china", "coffee", "flower")
RATED = 24


def make_scene(folder: Path, tiny: Checkpoint) -> None:
    """Writes all of it into an empty folder; `tiny` is the checkpoint in TINY, with its graphs."""
    _copy_repository(folder)
    _write_photos(folder)
    _write_rated(folder)
    _write_checkpoints(folder, tiny)
    _write_predictions(folder)
    for name in ("biq2021", "koniq10k", "spaq"):
        MINIATURES[name](folder / name)
    write_clip(folder / "clip.mp4", [draw(number) for number in range(0, 250, 25)])
    write_programs(folder / ".programs")


def _copy_repository(folder: Path) -> None:
    """What commands read; blocks may write beside it."""
    for name in ("examples", "tools", "benchmarks", "deploy"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "results").mkdir()
    for path in (ROOT / "results").glob("default-*.*"):
        shutil.copy(path, folder / "results")
    for path in (ROOT / "docs").iterdir():
        (folder / "docs" / path.stem).mkdir(parents=True, exist_ok=True)


def _write_photos(folder: Path) -> None:
    """Six photos of 320 pixels, three of them and a near-duplicate in a subfolder."""
    small = {name: _open(name).resize((320, 213)) for name in PHOTOS}
    files = {f"{name}.jpg": small[name] for name in PHOTOS}
    files |= {f"2024/{name}-soft.jpg": small[name].filter(ImageFilter.GaussianBlur(1.5)) for name in PHOTOS}
    for parent in ("photos", "Pictures"):
        for name, photo in files.items():
            path = folder / parent / name
            path.parent.mkdir(parents=True, exist_ok=True)
            photo.save(path, quality=92)
    for name, photo in zip(("photo.jpg", "a.jpg", "b.jpg"), small.values(), strict=True):
        photo.save(folder / name, quality=92)
    for parent, quality in (("as-they-are", 92), ("saved-again", 40)):
        (folder / parent).mkdir()
        for name in PHOTOS:
            small[name].save(folder / parent / f"{name}.jpg", quality=quality)
    (folder / "KODAK").mkdir()
    _open("coffee").resize((192, 128)).save(folder / "KODAK" / "kodim01.png")
    with tarfile.open(folder / "photos.tar", "w") as archive:
        archive.add(folder / "photos", "photos")


def _write_rated(folder: Path) -> None:
    """24 crops, each blurred more than the last; the rating falls with the blur, from 5 to 1."""
    (folder / "images").mkdir()
    (folder / "IMAGES").symlink_to("images")
    rated, biq = [("image", "mos")], [("image", "mos", "split")]
    official = [("image", "mos", "official_split", "near_duplicate_of_train")]
    splits = ("train", "train", "val", "train", "test", "train", "train", "test-near")
    for index in range(RATED):
        name, quality = f"{index:02d}.jpg", 1 - index / (RATED - 1)
        row, column = divmod(index // len(PHOTOS), 4)
        box = (150 * column, 130 * row + 100, 150 * column + 128, 130 * row + 204)
        crop = _open(PHOTOS[index % len(PHOTOS)]).crop(box)
        crop.filter(ImageFilter.GaussianBlur(3 * (1 - quality))).save(folder / "images" / name, quality=95)
        split = splits[index % len(splits)]
        rated.append((name, f"{1 + 4 * quality:.2f}"))
        biq.append((name, f"{quality:.3f}", split))
        official.append((name, f"{quality:.3f}", "test" if "test" in split else "train", str(split == "test-near")))
    for name, rows in (("ratings", rated), ("biq", biq), ("biq2021", official)):
        _write_csv(folder / f"{name}.csv", rows)


def _write_checkpoints(folder: Path, tiny: Checkpoint) -> None:
    """Two published files, the folder that one is imported to, and the runs of two seeds."""
    for name in ("koniq_ckpt", "imagenet"):
        shutil.copy(TINY, folder / f"{name}.npz")
    koniq = replace(tiny, name="koniq", score=ScoreRange(0, 100), training_data=("KonIQ-10k",))
    for path in ("koniq", "runs/seed0/checkpoint", "runs/seed1/checkpoint"):
        save_checkpoint(koniq, folder / path)


def _write_predictions(folder: Path) -> None:
    """Predictions of the same 40 images by a better and a worse checkpoint, twice each."""
    rng = np.random.default_rng(0)
    mos = rng.uniform(0, 100, 40)
    for name, error in {"a": 8, "b": 20, "seed0": 8, "seed1": 9, "other": 20}.items():
        scores = mos + rng.normal(0, error, len(mos))
        rows = [(f"{index}.jpg", f"{m:.3f}", f"{s:.3f}") for index, (m, s) in enumerate(zip(mos, scores, strict=True))]
        _write_csv(folder / f"{name}.csv", [("image", "mos", "score"), *rows])


def _open(name: str) -> Image.Image:
    return Image.open(ROOT / "examples" / f"{name}.jpg").convert("RGB")


def _write_csv(path: Path, rows: list[tuple]) -> None:
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
