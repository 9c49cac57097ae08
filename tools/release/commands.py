"""Every command on a base install: what it is called with, and which extra it then names, if it needs one."""

import csv
import shutil
from pathlib import Path
from typing import NamedTuple

from tools.release.pythons import ROOT


class Call(NamedTuple):
    """One command line.

    Attributes:
        arguments: behind `musiq`, in a folder that `prepare` made.
        extra: that it needs, so that it exits 2 and names it; None for a command that works.
    """

    arguments: str
    extra: str | None = None


CALLS = (
    Call("score photos --max-memory 2GB --max-patches 4 --workers 1 --store scores.sqlite"),
    Call("score examples --output scores.csv --store scores.sqlite --file-seconds 60 --quiet --log log.jsonl"),
    Call("score examples --output scores.parquet --store scores.sqlite", "parquet"),
    Call("score examples --runtime openvino", "openvino"),
    Call("score examples --runtime torch", "train"),
    Call("score examples --engine ray", "cluster"),
    Call("score s3://bucket/photos", "remote"),
    Call("score examples --checkpoint hf://owner/name", "hub"),
    Call("rank --scores scores.csv"),
    Call("pick examples --top 10% --store scores.sqlite"),
    Call("dedupe examples", "dedupe"),
    Call("video clip.mp4", "video"),
    Call("explain examples/coffee.jpg --out maps", "explain"),
    Call("compare examples/coffee.jpg examples/china.jpg"),
    Call("compare examples photos", "explain"),
    Call("calibrate --ratings ratings.csv --images examples --mos-range 1:5 --out own", "explain"),
    Call("serve examples", "web"),
    Call("export default --to onnx --out exported", "train"),
    Call("selfcheck photos --distortion gaussian_blur"),
    Call("doctor"),
    Call("store query scores.sqlite"),
    Call("store export scores.sqlite exported.csv"),
    Call("store compare scores.sqlite --anyway"),
    Call("store prune scores.sqlite --gone"),
    Call("checkpoints"),
    Call("checkpoints import tiny.npz tiny"),
    Call("checkpoints card tiny --licence Apache-2.0"),
    Call("checkpoints average default default --out mean"),
    Call("checkpoints calibrate tiny predictions.csv --name validation", "train"),
    Call("data list"),
    Call("data check ratings.csv examples --mos-range 1:5"),
    Call("data split ratings.csv examples --out split.csv --mos-range 1:5", "train"),
    Call("data split ratings.csv examples --out split.csv --mos-range 1:5 --no-near"),
    Call("train koniq10k --data ratings.csv --images examples --mos-range 1:5 --out run", "train"),
    Call("evaluate default --data ratings.csv --images examples --mos-range 1:5", "train"),
    Call("table predictions.csv", "train"),
    Call("significance predictions.csv predictions.csv", "train"),
    Call("reproduce table5 --data ratings.csv --images examples --mos-range 1:5", "train"),
)


def prepare(folder: Path) -> None:
    """Puts into `folder` what the calls read: examples/, photos/ with two of them, ratings.csv, tiny.npz."""
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("*.md"))
    (folder / "photos").mkdir()
    for name in ("coffee.jpg", "flower-compressed.jpg"):
        shutil.copy(folder / "examples" / name, folder / "photos")
    shutil.copy(ROOT / "tests" / "reference" / "tiny-multiscale.npz", folder / "tiny.npz")
    with open(folder / "ratings.csv", "w", newline="") as file:
        names = sorted(path.name for path in (folder / "examples").iterdir())
        csv.writer(file).writerows([("image", "mos"), *((name, 1 + index / 3) for index, name in enumerate(names))])


def uncalled(names: list[str]) -> list[str]:
    """Commands that no call tries."""
    return [name for name in names if not any(f"{one.arguments} ".startswith(f"{name} ") for one in CALLS)]
