"""Each known data set in small: its published tree with about two dozen real images, for tests of reading and training.

`MINIATURES[name](folder)` writes the tree that `open_data(name, folder)` reads. Better rated images are sharper, so
that there is something to learn.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
from PIL import Image, ImageFilter
from scipy.io import savemat

WIDTH, HEIGHT = 56, 40
QUALITIES = [(7 * index % 22) / 21 for index in range(22)]  # 0..1, in no order
PARTS = ["train"] * 14 + ["val"] * 4 + ["test"] * 4


def picture(seed: int, quality: float) -> Image.Image:
    """A scene of its own per seed, sharp at quality 1 and blurred at 0."""
    rng = np.random.default_rng(seed)
    blocks = Image.fromarray(rng.integers(0, 256, (5, 7, 3), np.uint8)).resize(
        (WIDTH, HEIGHT), Image.Resampling.NEAREST
    )
    grain = rng.integers(-20, 21, (HEIGHT, WIDTH, 3))
    scene = Image.fromarray(np.clip(np.asarray(blocks) + grain, 0, 255).astype(np.uint8))
    return scene.filter(ImageFilter.GaussianBlur(4 * (1 - quality)))


def save(path: Path, seed: int, quality: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(seed, quality).save(path, "PNG" if path.suffix == ".png" else "JPEG")


def write(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def damage(folder: Path, file: str, old: str | None, new: str = "") -> None:
    """Replaces `old`, which must be there, once in a text file; removes the file where `old` is None."""
    path = folder / file
    if old is None:
        path.unlink()
        return
    text = path.read_text()
    assert old in text, text
    path.write_text(text.replace(old, new, 1))


def koniq10k(folder: Path) -> None:
    header = "image_name,c1,c2,c3,c4,c5,c_total,MOS,SD,set"
    sets = {"train": "training", "val": "validation", "test": "test"}
    rows = []
    for index, (quality, part) in enumerate(zip(QUALITIES, PARTS, strict=True)):
        for size in ("1024x768", "512x384"):
            save(folder / size / f"{index}.jpg", index, quality)
        shares = f"0.0,{(1 - quality) / 2},0.5,{quality / 2},0.0"
        rows.append(f"{index}.jpg,{shares},100,{37.5 + 25 * quality},0.5,{sets[part]}")
    write(folder / "koniq10k_distributions_sets.csv", header, *rows)


def spaq(folder: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Image name", "MOS", "Brightness", "Colorfulness", "Contrast", "Noisiness", "Sharpness"])
    for index, quality in enumerate(QUALITIES):
        save(folder / "TestImage" / f"{index:05}.jpg", index, quality)
        sheet.append([f"{index:05}.jpg", 10 + 80 * quality, 50, 50, 50, 50, 50])
    (folder / "Annotations").mkdir(parents=True)
    book.save(folder / "Annotations" / "MOS and Image attribute scores.xlsx")


def paq2piq(folder: Path) -> None:
    names = [f"{('blur_dataset/motion', 'voc_emotic_ava/AVA__')[index % 2]}{index:04}.jpg" for index in range(22)]
    for index, (name, quality) in enumerate(zip(names, QUALITIES, strict=True)):
        save(folder / "database" / name, index, quality)
    rows = [f"{name},{40 + 40 * quality}" for name, quality in zip(names, QUALITIES, strict=True)]
    write(folder / "labels_image.csv", "name,mos", *rows)
    parts = list(zip(names, PARTS, strict=True))
    others = [f"{name},{part == 'val'}" for name, part in parts if part != "test"]
    write(folder / "labels=640_padded.csv", "name_image,is_valid", *others)
    large = [f"70.5,{name},1024,683" for name, part in parts if part == "test"]
    write(folder / "labels640.csv", "mos_image,name_image,width_image,height_image", *large)


def ava(folder: Path) -> None:
    rows = []
    for index, quality in enumerate(QUALITIES):
        save(folder / "images" / f"{953600 + index}.jpg", index, quality)
        centre = 2 + 7 * quality
        counts = (round(100 * np.exp(-((rating - centre) ** 2) / 2)) for rating in range(1, 11))
        rows.append(f"{index + 1} {953600 + index} {' '.join(map(str, counts))} 1 22 1396")
    write(folder / "AVA.txt", *rows)
    test = [str(953600 + index) for index, part in enumerate(PARTS) if part == "test"]
    write(folder / "aesthetics_image_lists" / "generic_test.jpgl", *test, "17")  # the real list, too, names strangers


def livew(folder: Path) -> None:
    teaching = [f"t{index}.bmp" for index in range(1, 8)]
    names = [*teaching, *(f"{index}.bmp" for index in range(22))]
    qualities = [0.5] * 7 + QUALITIES
    for index, (name, quality) in enumerate(zip(names, qualities, strict=True)):
        path = folder / "Images" / ("trainingImages" if name in teaching else "") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(index, quality).save(path)
    cells = np.empty((len(names), 1), object)
    cells[:, 0] = names
    save_livew(folder, cells, 100 * np.array(qualities), np.linspace(10, 20, len(names)))


def save_livew(folder: Path, names: np.ndarray, mos: np.ndarray, spread: np.ndarray) -> None:
    """The three MATLAB files: a column of cells, and two rows of numbers."""
    (folder / "Data").mkdir(parents=True, exist_ok=True)
    values = {"AllImages_release": names, "AllMOS_release": mos[None], "AllStdDev_release": spread[None]}
    for name, value in values.items():
        savemat(folder / "Data" / f"{name}.mat", {name: value})


def kadid10k(folder: Path) -> None:
    rows = []
    for original in range(1, 7):
        save(folder / "images" / f"I{original:02}.png", original, 1)
        for level in range(1, 5):
            name = f"I{original:02}_01_{level:02}.png"
            save(folder / "images" / name, original, 1 - level / 4)
            rows.append(f"{name},I{original:02}.png,{5 - 0.9 * level:.2f},0.496")
    write(folder / "dmos.csv", "dist_img,ref_img,dmos,var", *rows)


def biq2021(folder: Path) -> None:
    for part, header in (("Train", "Image Name,MOS,,"), ("Test", "Image Name,MOS")):
        rows = []
        for index, quality in enumerate(QUALITIES):
            if (PARTS[index] == "test") == (part == "Test"):
                save(folder / "Images" / f"ss01 ({index}).{'JPG' if index == 3 else 'jpg'}", index, quality)
                rows.append(f"ss01 ({index}).jpg,{quality:.4f}" + header[len("Image Name,MOS") :])
        write(folder / f"{part} (Images and MOS).csv", header, *rows)


def imagenet(folder: Path) -> None:
    for label, name in enumerate(("n01440764", "n01443537", "n02102040")):
        for index in range(5):
            save(folder / "train" / name / f"{name}_{index}.JPEG", 10 * label + index, 1 - label / 2)
        for index in range(2):
            save(folder / "val" / name / f"ILSVRC2012_val_{label}{index}.JPEG", 10 * label + 5 + index, 1 - label / 2)


MINIATURES: dict[str, Callable[[Path], None]] = {
    "ava": ava,
    "biq2021": biq2021,
    "imagenet": imagenet,
    "kadid10k": kadid10k,
    "koniq10k": koniq10k,
    "koniq10k-512": koniq10k,
    "livew": livew,
    "paq2piq": paq2piq,
    "spaq": spaq,
    "spaq-512": spaq,
}
