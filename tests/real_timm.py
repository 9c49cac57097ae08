"""The real timm, also beside a torch that its torchvision was not built for.

timm imports torchvision, whose operators come from a library of its own. Built for CUDA, that does not load where
torch is for CPUs, and the import then fails over two operators that it describes and nobody has declared ("operator
torchvision::nms does not exist"). What is tested here calls neither: declaring their names is enough.
"""

from importlib.util import find_spec
from pathlib import Path

import torch


def _declare_operators() -> torch.library.Library | None:
    """Declares the two if torchvision's library does not load; they stay for as long as what comes back does."""
    (folder,) = find_spec("torchvision").submodule_search_locations
    try:
        for path in Path(folder).glob("_C.*"):
            torch.ops.load_library(path)
    except OSError:
        declared = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            declared.define(f"{name}(Tensor boxes) -> Tensor")
        return declared
    return None


_declared = _declare_operators()

import timm  # noqa: E402
import timm.optim  # noqa: E402

__all__ = ["timm"]
