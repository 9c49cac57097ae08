"""Scores photos here and in the common PyTorch port (IQA-PyTorch) by the same weights, and takes differences apart.

    pip install pyiqa && python tools/compare_with_port.py PHOTO... [--weights FILE.pth] [--seed N]

Its licence is non-commercial, so it is no part of musiq's environment. Weights are random, with one output and with
ten, or those of a `.pth` of the port. Each step of a row is the one before and one thing more done as the port does it:
the resize, then the exact GELU in place of its tanh form, then kernels standardised by the unbiased deviation.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from musiq.checkpoint import Checkpoint
from musiq.integrations.pyiqa import decode_plainly
from musiq.model import MLP, MUSIQ
from musiq.progress import progress_bar
from musiq.quality import ImageQuality
from musiq.sources import load_checkpoint
from musiq.stem import StandardConv
from musiq.tables import print_table

OUTPUTS = (1, 10)
STEPS = ("google-v1", "pyiqa-bicubic", "exact GELU", "unbiased kernels")
Scored = Callable[[Tensor], Tensor]  # (1, 3, H, W) in [0, 1] -> one score


class Compared(NamedTuple):
    """One photo with one network.

    Attributes:
        port: the port's score.
        differences: of each step's score from it, relative to it.
    """

    photo: str
    outputs: int
    port: float
    differences: tuple[float, ...]


def compare(port: Scored, checkpoint: Checkpoint, photos: list[Path]) -> Iterator[Compared]:
    """A comparison for each photo; `port` is a network of the port with the checkpoint's weights."""
    ours = steps(checkpoint)
    for path in photos:
        image = torch.from_numpy(decode_plainly(path)).permute(2, 0, 1)[None].float() / 255
        theirs = _score(port, image)
        differences = tuple(abs(_score(one, image) - theirs) / abs(theirs) for one in ours)
        yield Compared(path.name, checkpoint.model.outputs, theirs, differences)


def steps(checkpoint: Checkpoint) -> list[ImageQuality]:
    """Ours, and step by step more like the port, in the order of `STEPS`."""
    bicubic = checkpoint.under("pyiqa-bicubic")
    made = [ImageQuality(checkpoint.under("google-v1")), *(ImageQuality(bicubic) for _ in range(3))]
    use_exact_gelu(made[2].network)
    use_exact_gelu(made[3].network)
    use_unbiased_kernels(made[3].network)
    return made


def use_exact_gelu(network: MUSIQ) -> None:
    """Makes this network compute GELU by the error function."""
    for module in network.modules():
        if isinstance(module, MLP):
            module.forward = partial(_exact_mlp, module)  # type: ignore[method-assign]


def use_unbiased_kernels(network: MUSIQ) -> None:
    """Makes this network divide kernels by their unbiased standard deviation."""
    for module in network.modules():
        if isinstance(module, StandardConv):
            module.forward = partial(_unbiased_conv, module)  # type: ignore[method-assign]


def _exact_mlp(mlp: MLP, x: Tensor) -> Tensor:
    return mlp.contract(F.gelu(mlp.expand(x)))


def _unbiased_conv(conv: StandardConv, x: Tensor) -> Tensor:
    deviation, mean = torch.std_mean(conv.weight, dim=(1, 2, 3), correction=1, keepdim=True)
    kernel = (conv.weight - mean) / (deviation + 1e-5)
    return F.conv2d(x, kernel, stride=conv.stride, padding=conv.padding)


def _score(network: Scored, image: Tensor) -> float:
    with torch.inference_mode():
        return float(network(image).reshape(-1)[0])


def networks(weights: Path | None, seed: int) -> Iterator[tuple[Any, Checkpoint]]:
    """Networks of the port with the checkpoints of their weights; two with random ones where no file is named."""
    from pyiqa.archs.musiq_arch import MUSIQ as PORT

    if weights is not None:
        checkpoint = load_checkpoint(weights)
        yield _loaded(PORT(pretrained=False, num_class=checkpoint.model.outputs), weights), checkpoint
        return
    with tempfile.TemporaryDirectory() as folder:
        for outputs in OUTPUTS:
            torch.manual_seed(seed)
            port = PORT(pretrained=False, num_class=outputs).eval()
            file = Path(folder) / f"random-{outputs}.pth"
            torch.save(port.state_dict(), file)
            yield port, load_checkpoint(file)


def _loaded(port: Any, weights: Path) -> Any:
    saved = torch.load(weights, map_location="cpu", weights_only=True)
    port.load_state_dict(saved.get("params", saved))
    return port.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--weights", type=Path, help=".pth of the port; random ones if unset")
    parser.add_argument("--seed", type=int, default=0, help="of random weights")
    options = parser.parse_args()
    rows = list[Compared]()
    with progress_bar("comparing", len(options.photos) * (len(OUTPUTS) if options.weights is None else 1)) as advance:
        for port, checkpoint in networks(options.weights, options.seed):
            for row in compare(port, checkpoint, options.photos):
                rows.append(row)
                advance(row.photo)
    _print(rows)


def _print(rows: list[Compared]) -> None:
    def cells(photo: str, outputs: int, port: str, differences: NDArray[np.float64]) -> tuple[str, ...]:
        return photo, str(outputs), port, *(f"{difference:.1e}" for difference in differences)

    table = [cells(row.photo, row.outputs, f"{row.port:.5f}", np.array(row.differences)) for row in rows]
    for outputs in sorted({row.outputs for row in rows}):
        found = np.array([row.differences for row in rows if row.outputs == outputs])
        table += [
            cells("median", outputs, "", np.median(found, axis=0)),
            cells("largest", outputs, "", found.max(axis=0)),
        ]
    right = ("outputs", "port", *STEPS)
    print_table(("photo", *right), table, sys.stdout, right=right)


if __name__ == "__main__":
    main()
